// A reader's prediction: kept in the browser, put into words, drawn into the figure, compared with the verdict.
'use strict';

window.weft = window.weft ?? {};

(function predict(weft) {
    const SVG = 'http://www.w3.org/2000/svg';
    const store = weft.storage('localStorage');
    const keyOf = claim => 'weft-prediction:' + claim;

    /**
     * @typedef {object} Prediction
     * @property {'more'|'same'|'less'|'holds'|'fails'|'dismissed'} direction dismissed: the reader wanted to see first
     * @property {number} [times] how many times, for more and less
     */

    /** @returns {Prediction|null} */
    function load(claim) {
        try {
            const prediction = JSON.parse(store.get(keyOf(claim)));
            return typeof prediction?.direction === 'string' ? prediction : null;
        } catch {
            return null;
        }
    }

    const save = (claim, prediction) => store.set(keyOf(claim), JSON.stringify(prediction));
    const forget = claim => store.remove(keyOf(claim));

    /** The prediction as a ratio, or null when it isn't one. */
    function ratioOf(prediction) {
        switch (prediction?.direction) {
        case 'more': return prediction.times ?? null;
        case 'less': return prediction.times ? 1 / prediction.times : null;
        case 'same': return 1;
        default: return null;
        }
    }

    /** "You predicted: …" */
    function words(prediction, say) {
        const times = prediction.times && say.number(prediction.times);
        return say(`predicted_${prediction.direction}`, { times });
    }

    const number = (dataset, key) => dataset[key] === undefined ? NaN : Number(dataset[key]);

    function compareRatio(ratio, effect, say) {
        const estimate = number(effect, 'estimate');
        const low = number(effect, 'low');
        const high = number(effect, 'high');
        if (![estimate, low, high].every(Number.isFinite)) {
            return null;
        }
        const values = { predicted: ratio, estimate, low, high };
        const shown = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, say.number(value)]));
        const place = ratio < low ? 'below' : ratio > high ? 'above' : 'inside';
        return say('compare_ratio', shown) + ' ' + say(`compare_${place}`);
    }

    /** What became of the prediction, in a sentence; null when the verdict has nothing to hold it against. */
    function compare(prediction, verdict, say) {
        const ratio = ratioOf(prediction);
        const effect = verdict.dataset;
        if (ratio !== null && effect.kind === 'ratio') {
            return compareRatio(ratio, effect, say);
        }
        const cameTrue = { holds: 'supported', fails: 'refuted' }[prediction.direction];
        if (!cameTrue) {
            return null;
        }
        if (!['supported', 'refuted'].includes(effect.outcome)) {
            return say('compare_undecided');
        }
        return say(effect.outcome === cameTrue ? 'compare_true' : 'compare_false');
    }

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

    /** The plot area and the axis of a figure, from its data- attributes; null when they are not complete. */
    function axisOf(svg) {
        const names = { min: 'xMin', max: 'xMax', left: 'px0', right: 'px1', y0: 'py0', y1: 'py1' };
        const axis = Object.fromEntries(Object.entries(names).map(([key, name]) => [key, number(svg.dataset, name)]));
        axis.scale = svg.dataset.xScale === 'log' ? Math.log : value => value;
        return Object.values(axis).some(Number.isNaN) ? null : axis;
    }

    /** Where a ratio stands on the axis, from 0 to 1; below 0 or above 1 when it is off the plot. */
    function placeOf(ratio, axis) {
        return (axis.scale(ratio) - axis.scale(axis.min)) / (axis.scale(axis.max) - axis.scale(axis.min));
    }

    /** A dashed line, a diamond and a label; at the edge with an arrow when the prediction is off the plot. */
    function draw(svg, prediction, say) {
        svg.querySelector('.weft-prediction')?.remove();
        const ratio = ratioOf(prediction);
        const axis = axisOf(svg);
        if (ratio === null || axis === null) {
            return;
        }
        const place = placeOf(ratio, axis);
        const x = axis.left + Math.min(1, Math.max(0, place)) * (axis.right - axis.left);
        const top = Math.min(axis.y0, axis.y1);
        const bottom = Math.max(axis.y0, axis.y1);
        const size = Math.max(11, (svg.viewBox.baseVal?.width || axis.right) / 56);
        const onLeft = x < (axis.left + axis.right) / 2;
        const arrow = place < 0 ? '← ' : place > 1 ? '→ ' : '';
        const label = arrow + say('prediction_label', { times: say.number(ratio) });

        const group = element('g', { class: 'weft-prediction', 'data-ratio': ratio });
        group.append(
            element('title', {}, label),
            element('line', { x1: x, x2: x, y1: top, y2: bottom, 'stroke-width': size / 7, 'stroke-dasharray': `${size / 2} ${size / 3}` }),
            element('path', { d: `M${x} ${top - size / 2}l${size / 2} ${size / 2}l${-size / 2} ${size / 2}l${-size / 2} ${-size / 2}z` }),
            element('text', {
                x: x + (onLeft ? size * 0.8 : -size * 0.8),
                y: top + size * 1.1,
                'font-size': size,
                'text-anchor': onLeft ? 'start' : 'end',
            }, label),
        );
        svg.append(group);
    }

    /** Draws the prediction into every figure below `root` that has an axis for it. */
    function drawAll(root, prediction, say) {
        for (const svg of root.querySelectorAll('svg[data-prediction-axis="x"]')) {
            draw(svg, prediction, say);
        }
    }

    weft.prediction = { load, save, forget, words, compare, drawAll };
})(window.weft);
