// Medians, bootstrap intervals and outcomes, as the program's own statistics have them (weft-lab: stats.rs, verdict.rs).
// No page is needed for them: a test runs them in Node.js.
'use strict';

(function statistics(give) {
    /** The quantile `q` from 0 to 1, interpolated linearly (Hyndman and Fan 1996, type 7); NaN for no values. */
    function quantile(values, q) {
        const sorted = Float64Array.from(values).sort();
        if (sorted.length === 0) {
            return NaN;
        }
        const place = q * (sorted.length - 1);
        const below = Math.floor(place);
        return sorted[below] + (sorted[Math.ceil(place)] - sorted[below]) * (place - below);
    }

    const median = values => quantile(values, 0.5);

    /** Numbers from 0 to 1 that depend on the seed alone (mulberry32). */
    function generator(seed) {
        let state = seed >>> 0;
        return () => {
            state = (state + 0x6d2b79f5) >>> 0;
            let mixed = Math.imul(state ^ (state >>> 15), state | 1);
            mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
            return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
        };
    }

    /** The same values in an order from `random` (Fisher and Yates). */
    function shuffled(values, random) {
        const order = [...values];
        for (let last = order.length - 1; last > 0; last -= 1) {
            const other = Math.floor(random() * (last + 1));
            [order[last], order[other]] = [order[other], order[last]];
        }
        return order;
    }

    /**
     * The median with its 95% interval: percentile bootstrap over whole blocks (Efron 1979).
     * @returns {{estimate: number, low: number, high: number}} NaN for no block
     */
    function intervalOfMedian(blocks, seed, resamples = 2000) {
        const random = generator(seed);
        const drawn = Array.from({ length: blocks.length === 0 ? 0 : resamples }, () =>
            median(blocks.map(() => blocks[Math.floor(random() * blocks.length)])));
        return { estimate: median(blocks), low: quantile(drawn, 0.025), high: quantile(drawn, 0.975) };
    }

    /** The ratio `second / first` of paired blocks: the exponential of the median of their log-ratios. */
    function intervalOfRatio(first, second, seed) {
        const pairs = Math.min(first.length, second.length);
        const logs = Array.from({ length: pairs }, (_, pair) => Math.log(second[pair] / first[pair]));
        const { estimate, low, high } = intervalOfMedian(logs, seed);
        return { estimate: Math.exp(estimate), low: Math.exp(low), high: Math.exp(high) };
    }

    /** Decides by an interval against the region `[low, high]`, for a claim that says "larger". */
    function outcomeOf({ low, high }, region) {
        if (low > region[1]) {
            return 'supported';
        }
        if (high < region[0]) {
            return 'refuted';
        }
        return low >= region[0] && high <= region[1] ? 'no-difference' : 'inconclusive';
    }

    give({ quantile, median, generator, shuffled, intervalOfMedian, intervalOfRatio, outcomeOf });
})(function give(statistics) {
    if (typeof module === 'object') {
        module.exports = statistics;
    } else {
        window.weft = window.weft ?? {};
        window.weft.statistics = statistics;
    }
});
