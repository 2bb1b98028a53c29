// drawing/heights.py for a plain U-Net: vertical positions of the rows and of their arrows.

class Heights {
  constructor(frame, columns, tallest) {
    Object.assign(this, { frame, columns });
    this.height = frame.maps.map((_, i) => frame.height(i, tallest));
    this.top = []; // of each box
    this.arrowY = []; // of the straight arrows of each row
    const last = Math.max(...frame.rows);
    let y = MARGIN * frame.font;
    for (let row = 0; row <= last; row++) y = this.placeRow(row, y + 1.2 * frame.font) + (row < last ? frame.font : 0);
    this.total = y + MARGIN * frame.font; // height of the drawing
  }

  // Places a row; `start` is the baseline of its channel numbers. Returns the y below everything in the row.
  placeRow(row, start) {
    const { frame, height } = this;
    const here = [...frame.rows.keys()].filter((i) => frame.rows[i] === row);
    const half = Math.max(...here.map((i) => height[i])) / 2;
    for (const i of here) this.top[i] = start + half - height[i] / 2;
    const aboveSizes = here.map((i) => this.bottom(i) - textWidth(frame.sizes[i], frame.font) - 0.45 * frame.font);
    this.arrowY.push(Math.min(start + half, ...aboveSizes));
    const captions = here.filter((i) => frame.maps[i].caption).map((i) => this.captionY(i) + 0.15 * frame.font);
    return Math.max(start + 2 * half, ...captions);
  }

  bottom(i) {
    return this.top[i] + this.height[i];
  }

  // Baseline of a caption: below its box and below the boxes that it reaches.
  captionY(i) {
    const { frame, columns } = this;
    const [first, last] = frame.captionExtent(i).map((x) => columns.middle(i) + x);
    const near = [...frame.rows.keys()].filter((j) => {
      const left = columns.left[j];
      return frame.rows[j] === frame.rows[i] && left < last && first < left + columns.width[j];
    });
    return Math.max(...near.map((j) => this.bottom(j))) + frame.font;
  }
}
