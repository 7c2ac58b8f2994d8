// The measuring of the lab `browser-manages`, and nothing of the page: gaps between frames while the same work is done on
// the main thread or in a Worker, and additions to memory that two Workers share.
'use strict';

window.weft = window.weft ?? {};

(function frames(weft) {
    const { median, generator, shuffled } = weft.statistics;

    /** How long one piece of work is to take on the main thread, and how long a block lasts at least, in ms. */
    const WORK_MS = 120;
    const BLOCK_MS = 340;
    const BEFORE_MS = 70;
    /** Pairs of blocks. */
    const PAIRS = { quick: 10, full: 30 };
    /** Additions of each of the two Workers, and how often each way is tried. */
    const ADDITIONS = 1_000_000;
    const ROUNDS = 5;

    /** The run was ended: by the reader, or because the page could not be seen. */
    class Ended extends Error {
        constructor(why) {
            super(why);
            this.why = why;
        }
    }

    const later = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));
    const nextFrame = () => new Promise(resolve => requestAnimationFrame(resolve));

    function timeOf(steps) {
        const begun = performance.now();
        weft.workers.spin(steps);
        return performance.now() - begun;
    }

    /** Steps that take WORK_MS here. The compiler has seen the loop by then. */
    function calibrate() {
        let steps = 1_000_000;
        while (timeOf(steps) < 20) {
            steps *= 2;
        }
        const took = Math.min(timeOf(steps), timeOf(steps), timeOf(steps));
        return Math.round(steps * WORK_MS / took);
    }

    /** Collects the gaps between frames until told to stop. */
    function watchFrames() {
        const gaps = [];
        let last = null;
        let goesOn = true;
        function frame() {
            const now = performance.now();
            if (last !== null) {
                gaps.push(Math.round((now - last) * 1000) / 1000);
            }
            last = now;
            if (goesOn) {
                requestAnimationFrame(frame);
            }
        }
        requestAnimationFrame(frame);
        return () => {
            goesOn = false;
            return gaps;
        };
    }

    /** One block: frames are watched while the work is done once. */
    async function block(where, steps, worker) {
        await nextFrame();
        await nextFrame();
        const begun = performance.now();
        const stop = watchFrames();
        await later(BEFORE_MS);
        const took = where === 'main' ? timeOf(steps) : (await weft.workers.ask(worker, { steps })).took;
        await later(Math.max(0, BLOCK_MS - (performance.now() - begun)));
        await nextFrame();
        await nextFrame();
        return { gaps: stop(), took };
    }

    /** Additions that are missing at the end, of two Workers' together. */
    async function lose(workers, atomic) {
        const shared = new SharedArrayBuffer(128);
        await Promise.all(workers.map(worker => weft.workers.ask(worker, { shared, count: ADDITIONS, atomic })));
        return 2 * ADDITIONS - new Int32Array(shared)[0];
    }

    async function share(check) {
        if (!window.crossOriginIsolated || typeof SharedArrayBuffer === 'undefined') {
            return null;
        }
        const workers = [weft.workers.start(), weft.workers.start()];
        const lost = { plain: [], atomic: [] };
        try {
            for (let round = 0; round < ROUNDS; round += 1) {
                for (const way of ['plain', 'atomic']) {
                    check();
                    lost[way].push(await lose(workers, way === 'atomic'));
                }
            }
        } finally {
            workers.forEach(worker => worker.terminate());
        }
        return { additions: 2 * ADDITIONS, ...lost };
    }

    /**
     * The whole run.
     * @param {{mode: 'quick'|'full', aa: boolean, seed: number}} choices
     * @param {function(number, string): void} tell how far it is, from 0 to 1, and what comes: main, worker or shared
     * @param {function(): string|null} ended why it is to end, if it is
     * @returns samples; `barred` instead of Worker's samples where the browser starts no Worker
     * @throws {Ended}
     */
    async function measure({ mode, aa, seed }, tell, ended) {
        const check = () => {
            const why = ended();
            if (why) {
                throw new Ended(why);
            }
        };
        const samples = { main: [], worker: [], work: { main: [], worker: [] }, shared: null, barred: null };
        let worker = null;
        try {
            tell(0, 'starting');
            await nextFrame();
            const steps = calibrate();
            samples.steps = steps;
            try {
                worker = weft.workers.start();
                await weft.workers.ask(worker, { steps: steps / 4 });
            } catch (error) {
                samples.barred = error.message;
                return samples;
            }
            const random = generator(seed);
            const pairs = PAIRS[mode] ?? PAIRS.quick;
            for (let pair = 0; pair < pairs; pair += 1) {
                for (const side of shuffled(['main', 'worker'], random)) {
                    check();
                    const where = aa ? 'worker' : side;
                    tell(pair / (pairs + 1), where);
                    const { gaps, took } = await block(where, steps, worker);
                    check();
                    samples[side].push(gaps);
                    samples.work[side].push(took);
                }
            }
            tell(pairs / (pairs + 1), 'shared');
            samples.shared = await share(check);
            return samples;
        } finally {
            worker?.terminate();
        }
    }

    const longest = blocks => blocks.map(gaps => Math.max(...gaps));

    /** What the samples say of the claim: the longest gap of each block, main thread over Worker. */
    function judge(samples, region, seed) {
        const effect = weft.statistics.intervalOfRatio(longest(samples.worker), longest(samples.main), seed);
        const isMeasured = Number.isFinite(effect.low) && Number.isFinite(effect.high);
        return {
            outcome: isMeasured ? weft.statistics.outcomeOf(effect, region) : 'inconclusive',
            effect: isMeasured ? effect : null,
            longest: { main: median(longest(samples.main)), worker: median(longest(samples.worker)) },
            work: { main: median(samples.work.main), worker: median(samples.work.worker) },
        };
    }

    weft.frames = { measure, judge, isEnded: error => error instanceof Ended };
})(window.weft);
