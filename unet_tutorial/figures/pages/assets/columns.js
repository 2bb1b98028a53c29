// drawing/columns.py for a plain U-Net: horizontal positions of the boxes, found box by box, so that no box and no text
// touches another.

const MOST_SPACE = 2.5; // how far boxes and arrows are stretched to fill the sheet, from 0 for the narrowest

class Columns {
  // `start` is the left edge of the first box.
  constructor(frame, space, start = 0) {
    const { font } = frame;
    this.frame = frame;
    this.space = space;
    this.gap = (1.2 + 2.4 * space) * font;
    this.width = frame.maps.map((_, i) => frame.width(i, (1 + 4.5 * space) * font));
    this.left = [start];
    this.lastInRow = [0]; // by row: the last box so far
    for (let i = 1; i < frame.maps.length; i++) this.place(i);
  }

  place(i) {
    const { rows } = this.frame;
    const beside = rows[i - 1] === rows[i];
    this.left.push(beside ? this.left[i - 1] + this.minDistance(i - 1, i) : this.leftInNewRow(i));
    this.lastInRow[rows[i]] = i;
  }

  // Smallest distance between the left edges of two neighbours in a row.
  minDistance(before, here) {
    const { frame } = this;
    const centres = (this.width[before] - this.width[here]) / 2;
    let texts = frame.channelsExtent(before)[1] - frame.channelsExtent(here)[0] + 0.3 * frame.font;
    if (frame.maps[before].caption && frame.maps[here].caption) {
      texts = Math.max(texts, frame.captionExtent(before)[1] - frame.captionExtent(here)[0] + 0.5 * frame.font);
    }
    return Math.max(this.width[before] + this.gap + frame.leftSpace(here), texts + centres);
  }

  // Left edge of the first box after a change of row; the box before it moves right if there is no space.
  leftInNewRow(i) {
    const { rows } = this.frame;
    const left = this.middle(i - 1) - this.arrival(i);
    const missing = Math.max(0, this.minLeft(i) - left);
    if (i > 1 && rows[i - 2] === rows[i - 1]) this.left[i - 1] += missing;
    return left + missing;
  }

  // Smallest left edge of a box to the right of those already in its row, with space for the copy arrow.
  minLeft(i) {
    const { frame } = this;
    const other = this.lastInRow[frame.rows[i]];
    if (other === undefined) return -Infinity;
    const link = frame.copies.find(({ target }) => target === i);
    const text = link.crop ? textWidth(String(link.crop), frame.font) : 0;
    const overhang = (width, extent) => Math.max(0, extent - width / 2);
    const channels = overhang(this.width[other], frame.channelsExtent(other)[1]);
    const space = text + 0.6 * frame.font + channels + overhang(this.width[i], -frame.channelsExtent(i)[0]);
    const beside = this.width[other] + frame.leftSpace(i) + Math.max(space, 1.6 * frame.font);
    return this.left[other] + Math.max(beside, this.minDistance(other, i));
  }

  // Width of the part of a box that holds skip channels.
  skipWidth(i) {
    const { node, skipChannels } = this.frame.maps[i];
    return (this.width[i] * skipChannels) / node.channels;
  }

  // Distance from a box's left edge to the arrow from another row: centre of the part without skip channels.
  arrival(i) {
    return (this.width[i] + this.skipWidth(i)) / 2;
  }

  middle(i) {
    return this.left[i] + this.width[i] / 2;
  }

  // Smallest and largest x of the boxes and their texts.
  bounds() {
    const { frame } = this;
    const ends = this.left.map((left, i) => {
      const texts = [frame.channelsExtent(i), frame.captionExtent(i)];
      const [first, last] = [Math.min(...texts.map(([end]) => end)), Math.max(...texts.map(([, end]) => end))];
      return [
        Math.min(left - frame.leftSpace(i), this.middle(i) + first),
        Math.max(left + this.width[i], this.middle(i) + last),
      ];
    });
    return [Math.min(...ends.map(([first]) => first)), Math.max(...ends.map(([, last]) => last))];
  }
}

// The widest columns that fit into `width`, by bisection; null if even the narrowest do not fit.
function fitColumns(frame, width) {
  let low = 0, high = MOST_SPACE, best = null;
  for (let attempt = 0; attempt < 16; attempt++) {
    const space = attempt === 0 ? 0 : (low + high) / 2; // the narrowest first
    const columns = new Columns(frame, space);
    const [first, last] = columns.bounds();
    if (last - first <= width) [best, low] = [columns, space];
    else if (attempt === 0) return null;
    else high = space;
  }
  return best;
}
