// Drawings made in the page, in the form of the program's own: the same colours, a title, a description, a table.
'use strict';

window.weft = window.weft ?? {};

(function plot(weft) {
    const { make } = weft.dom;
    const SVG = 'http://www.w3.org/2000/svg';
    const WIDTH = 760;
    const ROW = 46;
    const [INK, DIM, GRID, REGION] = ['#1a1a1a', '#595959', '#d9d9d9', '#e8eef5'];
    const SERIES = ['#d55e00', '#0072b2'];

    function element(name, attributes, text) {
        const made = document.createElementNS(SVG, name);
        for (const [key, value] of Object.entries(attributes)) {
            made.setAttribute(key, String(value));
        }
        if (text !== undefined) {
            made.textContent = text;
        }
        return made;
    }

    /** Values from `low` to `high` on a log axis that lies from `left` to `right`. */
    function logAxis(low, high, left, right) {
        const place = value => left + Math.log(value / low) / Math.log(high / low) * (right - left);
        const candidates = [0.1, 1, 10, 100, 1000, 10_000].flatMap(decade => [1, 2, 5].map(digit => digit * decade));
        return { low, high, left, right, place, ticks: candidates.filter(tick => tick >= low && tick <= high) };
    }

    function frame(id, { title, description, label, rows, labelWidth }, axis, top) {
        const bottom = top + rows * ROW;
        const height = bottom + 56;
        const svg = element('svg', {
            viewBox: `0 0 ${WIDTH} ${height}`, width: WIDTH, height, role: 'img', 'aria-labelledby': `${id}-title ${id}-desc`,
        });
        svg.append(
            element('title', { id: `${id}-title` }, title),
            element('desc', { id: `${id}-desc` }, description),
            element('rect', { x: 0, y: 0, width: WIDTH, height, fill: '#ffffff' }),
        );
        return { svg, bottom, labelWidth, draw: () => {
            for (const tick of axis.ticks) {
                const x = axis.place(tick);
                svg.append(
                    element('line', { x1: x, x2: x, y1: top, y2: bottom, stroke: GRID }),
                    element('text', { x, y: bottom + 18, fill: DIM, 'font-size': 12, 'text-anchor': 'middle' }, tick),
                );
            }
            svg.append(
                element('line', { x1: axis.left, x2: axis.right, y1: bottom, y2: bottom, stroke: INK }),
                element('text', { x: (axis.left + axis.right) / 2, y: bottom + 42, fill: INK, 'font-size': 13, 'text-anchor': 'middle' }, label),
            );
        } };
    }

    /** A shape a series, so that colour is not needed to tell them apart. */
    function sign(series, x, y, size, more = {}) {
        const fill = SERIES[series];
        return series === 0
            ? element('circle', { cx: x, cy: y, r: size, fill, ...more })
            : element('rect', { x: x - size, y: y - size, width: 2 * size, height: 2 * size, fill, ...more });
    }

    /** The ratio with its interval, the region, and an axis that takes the reader's prediction. */
    function ratio(id, { title, description, label, row, number, effect, region }) {
        const [left, right, top] = [170, WIDTH - 170, 30];
        const axis = logAxis(Math.min(0.7, effect.low / 1.3), Math.max(2.2, effect.high * 1.4), left, right);
        const { svg, bottom, draw } = frame(id, { title, description, label, rows: 1 }, axis, top);
        const [from, to] = region.map(axis.place);
        svg.append(element('rect', { x: from, y: top, width: to - from, height: bottom - top, fill: REGION }));
        draw();
        const y = top + ROW / 2;
        const one = axis.place(1);
        svg.append(
            element('line', { x1: one, x2: one, y1: top, y2: bottom, stroke: DIM }),
            element('line', { x1: axis.place(effect.low), x2: axis.place(effect.high), y1: y, y2: y, stroke: SERIES[0], 'stroke-width': 3 }),
            sign(0, axis.place(effect.estimate), y, 6),
            element('text', { x: left - 12, y: y + 5, fill: INK, 'font-size': 14, 'text-anchor': 'end' }, row),
            element('text', { x: right + 12, y: y + 5, fill: INK, 'font-size': 13 }, number),
        );
        const data = {
            'data-prediction-axis': 'x', 'data-x-scale': 'log', 'data-x-min': axis.low, 'data-x-max': axis.high,
            'data-px0': left, 'data-px1': right, 'data-py0': top, 'data-py1': bottom,
        };
        Object.entries(data).forEach(([name, value]) => svg.setAttribute(name, String(value)));
        return svg;
    }

    /** All values of each row as signs on a log axis, with a line at the median. */
    function strips(id, { title, description, label, rows }) {
        const [left, right, top] = [170, WIDTH - 24, 14];
        const all = rows.flatMap(row => row.values);
        const axis = logAxis(Math.min(...all, 10) / 1.15, Math.max(...all, 50) * 1.15, left, right);
        const { svg, bottom, draw } = frame(id, { title, description, label, rows: rows.length }, axis, top);
        draw();
        rows.forEach((row, series) => {
            const middle = top + series * ROW + ROW / 2;
            svg.append(element('text', { x: left - 12, y: middle + 5, fill: INK, 'font-size': 14, 'text-anchor': 'end' }, row.name));
            // Spread over the row, so that equal values don't hide each other; the same each time.
            row.values.forEach((value, index) => {
                const y = middle + ((index * 7) % 13 - 6) * 2.2;
                svg.append(sign(series, axis.place(value), y, 3, { 'fill-opacity': 0.55 }));
            });
            const x = axis.place(weft.statistics.median(row.values));
            svg.append(element('line', { x1: x, x2: x, y1: middle - 19, y2: middle + 19, stroke: INK, 'stroke-width': 2 }));
        });
        svg.append(element('line', { x1: left, x2: right, y1: bottom, y2: bottom, stroke: INK }));
        return svg;
    }

    /** The frame around a drawing, with its numbers as a table: rows of cells, the first of each a heading. */
    function figure(name, svg, { title, machine, summary, columns, rows }) {
        const made = make('figure', 'weft-figure');
        made.dataset.figure = name;
        const table = document.createElement('table');
        const line = (cells, tag) => {
            const row = document.createElement('tr');
            cells.forEach((cell, index) => {
                const isHead = tag === 'th' || index === 0;
                const box = make(isHead ? 'th' : 'td', isHead ? '' : 'number', cell);
                if (isHead) {
                    box.scope = tag === 'th' ? 'col' : 'row';
                }
                row.append(box);
            });
            return row;
        };
        table.createTHead().append(line(columns, 'th'));
        table.createTBody().append(...rows.map(cells => line(cells, 'td')));
        const details = make('details', 'weft-table');
        details.append(make('summary', '', summary), table);
        made.append(svg, make('figcaption', '', title), make('p', 'weft-machine', machine), details);
        return made;
    }

    weft.plot = { ratio, strips, figure };
})(window.weft);
