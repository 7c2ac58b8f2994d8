// What the page's Workers run. The page loads this file too: a page from a folder may not start a Worker from a file, but it
// may start one from text that it holds, and for that it needs the text.
'use strict';

(function both() {
    /** The same computing for both sides: each step needs the one before (Marsaglia 2003, xorshift). */
    function spin(steps) {
        let state = 1;
        for (let step = 0; step < steps; step += 1) {
            state ^= state << 13;
            state ^= state >>> 17;
            state ^= state << 5;
        }
        return state;
    }

    /** Adds one to a shared number `count` times, beside another Worker that does the same. */
    function addShared({ shared, count, atomic }) {
        const [NUMBER, READY] = [0, 16];
        const numbers = new Int32Array(shared);
        Atomics.add(numbers, READY, 1);
        // Both begin in the same instant, or one could be done before the other has begun.
        while (Atomics.load(numbers, READY) < 2) { /* not yet */ }
        if (atomic) {
            for (let done = 0; done < count; done += 1) {
                Atomics.add(numbers, NUMBER, 1);
            }
        } else {
            for (let done = 0; done < count; done += 1) {
                numbers[NUMBER] += 1;
            }
        }
    }

    /** Answers each message when its work is done. */
    function serve(spinSteps, add) {
        self.onmessage = ({ data }) => {
            const begun = performance.now();
            const result = data.shared ? add(data) : spinSteps(data.steps);
            self.postMessage({ took: performance.now() - begun, result });
        };
    }

    if (typeof document === 'undefined') {
        serve(spin, addShared);
        return;
    }

    const here = document.currentScript.src;
    window.weft = window.weft ?? {};

    /** Starts a Worker. @throws where the browser bars it */
    function start() {
        if (location.protocol !== 'file:') {
            return new Worker(here);
        }
        const text = `'use strict'; (${serve})(${spin}, ${addShared});`;
        const address = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
        try {
            return new Worker(address);
        } finally {
            // The Worker has fetched it, or never will.
            setTimeout(() => URL.revokeObjectURL(address), 10_000);
        }
    }

    /** Sends a message and waits for the answer. */
    function ask(worker, message) {
        return new Promise((resolve, reject) => {
            worker.onmessage = ({ data }) => resolve(data);
            worker.onerror = event => {
                event.preventDefault();
                reject(new Error(event.message || 'the Worker could not be started'));
            };
            worker.postMessage(message);
        });
    }

    window.weft.workers = { start, ask, spin };
})();
