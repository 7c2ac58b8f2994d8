// Runs of experiments: the live server's interface, and nothing of the page.
'use strict';

window.weft = window.weft ?? {};

(function runs(weft) {
    const EVENTS = ['queued', 'progress', 'record', 'verdict', 'figure', 'done'];
    const LEAVING_MS = 1000;

    /**
     * A browser opens six connections to one host, and an event stream keeps one. So many runs are followed at once that
     * one stays for the page's reload and one for requests; the others wait for their turn. The server runs one at a time
     * and tells a late follower everything from the first event, so that nothing is lost.
     */
    const streams = (() => {
        const MOST = 4;
        const followed = new Set();
        const waiting = [];
        const next = () => {
            while (followed.size < MOST && waiting.length > 0) {
                const open = waiting.shift();
                followed.add(open);
                open();
            }
        };
        return {
            enter(open) {
                waiting.push(open);
                next();
            },
            leave(open) {
                followed.delete(open);
                const index = waiting.indexOf(open);
                if (index >= 0) {
                    waiting.splice(index, 1);
                }
                next();
            },
        };
    })();

    /** The server said no: `message` and `hint` are its words. */
    class Refusal extends Error {
        constructor({ message, hint }, status) {
            super(message);
            this.hint = hint ?? '';
            this.status = status;
        }
    }

    async function refusalOf(response) {
        try {
            return new Refusal(await response.json(), response.status);
        } catch {
            return new Refusal({ message: `${response.status} ${response.statusText}` }, response.status);
        }
    }

    /** Refusals come in the language of the page. */
    const LANGUAGE = { 'Accept-Language': document.documentElement.lang || 'en' };

    /**
     * Asks the server for something with a JSON body.
     * @throws {Refusal} when the server refuses, TypeError when there is no server
     */
    async function post(path, body) {
        const response = await fetch(path, {
            method: 'POST',
            headers: { 'Content-Type': 'application/json', ...LANGUAGE },
            body: JSON.stringify(body),
        });
        if (!response.ok) {
            throw await refusalOf(response);
        }
        return response;
    }

    /**
     * Asks for a run.
     * @param {{experiment: string, mode: string, seed?: number, set?: Object<string, string>}} request
     * @returns {Promise<string>} the run's id
     * @throws {Refusal} when the server refuses, TypeError when there is no server
     */
    async function start(request) {
        return (await (await post('/api/runs', request)).json()).id;
    }

    /** Asks for the end of a run; its `error` event says when it has ended. */
    async function cancel(id) {
        const response = await fetch(`/api/runs/${encodeURIComponent(id)}`, { method: 'DELETE', headers: LANGUAGE });
        if (!response.ok && response.status !== 404) {
            throw await refusalOf(response);
        }
    }

    /**
     * Follows a run from its first event. The browser reconnects by itself and sends Last-Event-ID.
     * @param {string} id
     * @param {Object<string, function(object): void>} on a handler an event, and: `lost` (no answer, trying again),
     *     `found` (connected), `gone` (the server doesn't know this run)
     * @returns {function(): void} stops following
     */
    function follow(id, on) {
        let source = null;
        const end = () => {
            source?.close();
            source = null;
            streams.leave(open);
        };
        function open() {
            source = new EventSource(`/api/runs/${encodeURIComponent(id)}/events`);
            for (const name of EVENTS) {
                source.addEventListener(name, event => on[name]?.(JSON.parse(event.data)));
            }
            source.addEventListener('done', end);
            source.addEventListener('open', () => on.found?.());
            // Both the run's own `error` event and a broken connection arrive under this name.
            source.addEventListener('error', event => {
                if (typeof event.data === 'string') {
                    end();
                    const said = JSON.parse(event.data);
                    on.error?.({ ...said, ...said.words?.[LANGUAGE['Accept-Language']] });
                } else if (source?.readyState === EventSource.CLOSED) {
                    end();
                    // Chromium also closes it while the page is being left; then the timer never fires.
                    setTimeout(() => on.gone?.(), LEAVING_MS);
                } else {
                    on.lost?.();
                }
            });
        }
        streams.enter(open);
        return end;
    }

    weft.runs = { start, cancel, follow, post, isRefusal: error => error instanceof Refusal };
})(window.weft);
