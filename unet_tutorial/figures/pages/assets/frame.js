// drawing/frame.py for a plain U-Net: rows, texts and box sizes of a sketch, before columns and heights are assigned.
// Lengths are in points, which are the units of the SVG; constants are in font sizes.

const FONTS = '"DejaVu Sans", Verdana, "Bitstream Vera Sans", "Liberation Sans", Arial, Helvetica, sans-serif';
const TEXT_GAP = 0.45; // from an arrow to the text beside it
const DIGIT_HEIGHT = 0.74;
const MARGIN = 0.6; // around the drawing

const canvas = document.createElement("canvas").getContext("2d");

function textWidth(text, font) {
  canvas.font = `100px ${FONTS}`;
  return (canvas.measureText(text).width * font) / 100;
}

class Frame {
  // `most` is the number of channels of the widest box.
  constructor({ maps, steps, copies }, font, most, rank) {
    Object.assign(this, { maps, steps, copies, font, most });
    this.rows = maps.map(({ node }) => node.level);
    this.largest = Math.max(...maps.map(({ node }) => node.size));
    this.sizes = maps.map(({ node }, i) => {
      const same = i > 0 && this.rows[i - 1] === this.rows[i] && maps[i - 1].node.size === node.size;
      return same ? "" : sizeText(node.size, rank);
    });
  }

  enteredFromAbove(i) {
    return i > 0 && this.rows[i] > this.rows[i - 1];
  }

  exitsUpwards(i) {
    return i + 1 < this.rows.length && this.rows[i + 1] < this.rows[i];
  }

  // Anchor of the channel number above a box: beside an arrow that arrives or leaves there, else centred.
  anchor(i) {
    if (this.enteredFromAbove(i)) return "end";
    return this.exitsUpwards(i) ? "start" : "middle";
  }

  // Left and right end of the channel number above a box, measured from its centre.
  channelsExtent(i) {
    const [wide, gap] = [textWidth(String(this.maps[i].node.channels), this.font), TEXT_GAP * this.font];
    return { start: [gap, gap + wide], middle: [-wide / 2, wide / 2], end: [-wide - gap, -gap] }[this.anchor(i)];
  }

  // Left and right end of the caption under a box, measured from its centre.
  captionExtent(i) {
    const wide = textWidth(this.maps[i].caption, this.font);
    return [-wide / 2, wide / 2];
  }

  // Space on the left of a box for its size text.
  leftSpace(i) {
    return this.sizes[i] ? (DIGIT_HEIGHT + 0.3) * this.font : 0;
  }

  // Widths grow with the square root of the channels.
  width(i, widest) {
    return Math.max(0.5 * this.font, widest * Math.sqrt(this.maps[i].node.channels / this.most));
  }

  // Space for the longest size text of the row and for an arrow above it.
  minHeight(i) {
    const row = this.sizes.filter((_, j) => this.rows[j] === this.rows[i]);
    return Math.max(...row.map((text) => textWidth(text, this.font))) + 0.95 * this.font;
  }

  // Heights grow with the square root of the side.
  height(i, tallest) {
    return Math.max(this.minHeight(i), tallest * Math.sqrt(this.maps[i].node.size / this.largest));
  }
}
