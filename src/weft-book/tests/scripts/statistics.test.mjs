// The statistics of the lab in the page, held against numbers known beforehand and by properties.
// Run by `cargo xtask test scripts`, or `node --test src/weft-book/tests/scripts/`.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import test from 'node:test';

const require = createRequire(import.meta.url);
const statistics = require('../../../../book/theme/weft-statistics.js');
const { quantile, median, generator, shuffled, intervalOfMedian, intervalOfRatio, outcomeOf } = statistics;
const REGION = [0.9, 1.1];

test('quantiles are interpolated as in the program (type 7)', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.equal(quantile([10, 20, 30, 40, 50], 0.95), 48);
    assert.equal(quantile([1, 2], 0), 1);
    assert.equal(quantile([1, 2], 1), 2);
    // By number and not by their digits.
    assert.equal(median([9, 10, 100]), 10);
    assert.ok(Number.isNaN(median([])));
});

test('the same seed gives the same numbers, another seed others, all below 1', () => {
    const draw = seed => Array.from({ length: 500 }, generator(seed));
    assert.deepEqual(draw(7), draw(7));
    assert.notDeepEqual(draw(7), draw(8));
    assert.ok(draw(7).every(number => number >= 0 && number < 1));
    const mean = draw(7).reduce((sum, number) => sum + number) / 500;
    assert.ok(Math.abs(mean - 0.5) < 0.06, `${mean}`);
});

test('a shuffle keeps what it shuffles, and finds both orders of two', () => {
    const random = generator(1);
    assert.deepEqual(shuffled([1, 2, 3, 4], random).sort(), [1, 2, 3, 4]);
    const first = Array.from({ length: 200 }, () => shuffled(['a', 'b'], random)[0]);
    const share = first.filter(side => side === 'a').length / 200;
    assert.ok(share > 0.35 && share < 0.65, `${share}`);
});

test('an interval holds its estimate and lies within the values', () => {
    const random = generator(3);
    for (let seed = 0; seed < 40; seed += 1) {
        const values = Array.from({ length: 1 + Math.floor(random() * 30) }, () => random() * 100);
        const { estimate, low, high } = intervalOfMedian(values, seed, 300);
        assert.ok(low <= estimate && estimate <= high);
        assert.ok(Math.min(...values) <= low && high <= Math.max(...values));
    }
    assert.ok(Number.isNaN(intervalOfMedian([], 1).low));
});

test('a ratio of paired blocks does not depend on the unit', () => {
    const first = [1, 2, 4, 8, 16];
    const double = first.map(value => 2 * value);
    for (const unit of [1, 1e-3, 1e3]) {
        const { estimate, low, high } = intervalOfRatio(first.map(value => value * unit), double.map(value => value * unit), 1);
        for (const value of [estimate, low, high]) {
            assert.ok(Math.abs(value - 2) < 1e-9);
        }
    }
});

test('95% intervals hold the truth about as often as they say', () => {
    const random = generator(11);
    let held = 0;
    for (let seed = 0; seed < 300; seed += 1) {
        const block = () => 1 + random() * 0.1 + (random() < 0.1 ? random() : 0);
        const first = Array.from({ length: 16 }, block);
        const second = Array.from({ length: 16 }, block);
        const { low, high } = intervalOfRatio(first, second, seed);
        held += low <= 1 && 1 <= high ? 1 : 0;
    }
    assert.ok(held >= 276, `${held} of 300`);
});

test('the interval decides against the region', () => {
    const outcome = (low, high) => outcomeOf({ low, high }, REGION);
    assert.equal(outcome(1.2, 9), 'supported');
    assert.equal(outcome(0.2, 0.8), 'refuted');
    assert.equal(outcome(0.95, 1.05), 'no-difference');
    assert.equal(outcome(0.9, 1.1), 'no-difference');
    assert.equal(outcome(1.05, 1.2), 'inconclusive');
    assert.equal(outcome(0.5, 2), 'inconclusive');
});
