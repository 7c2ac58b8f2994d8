// The verdict board: fills this machine's column, runs all experiments one after the other, saves the whole as a file.
// What runs, and what waits, is kept in the tab, so that a reload goes on with it. Without a server the board shows what
// was recorded, as plain HTML.
'use strict';

window.weft = window.weft ?? {};

(function board(weft) {
    const { make, show } = weft.dom;
    const session = weft.storage('sessionStorage');
    const kept = weft.storage('localStorage');
    const KEY = 'weft-board';
    const HERE = 'this-machine';
    const QUEUE_FULL = 429;
    const AGAIN_MS = 2000;

    /**
     * What labs in the page have found. Each keeps its result under `weft-page-result:CLAIM`, as JSON with claim, outcome,
     * effect, low, high, unit, when, user_agent; the samples beside them stay in the browser. An A/A run is no result.
     */
    function pageResults(claims) {
        const load = claim => {
            try {
                return JSON.parse(kept.get('weft-page-result:' + claim));
            } catch {
                return null;
            }
        };
        return claims.map(load).filter(result => result && !result.aa).map(
            ({ claim, outcome, effect, low, high, unit, when, user_agent }) =>
                ({ claim, outcome, effect, low, high, unit, when, user_agent }));
    }

    /** The table's cells of this machine. */
    function wireCells(section, say) {
        const language = section.dataset.lang;
        const cellOf = claim => section.querySelector(`td[data-column="${HERE}"][data-claim="${CSS.escape(claim)}"]`);
        const claims = [...section.querySelectorAll(`td[data-column="${HERE}"]`)].map(cell => cell.dataset.claim);
        const head = section.querySelector(`.weft-board-machines [data-column="${HERE}"]`);
        const body = () => ({ page: pageResults(claims) });

        /** Puts the server's cell in the place of the one that is there, if it says something else. */
        function put(claim, html) {
            const row = new DOMParser().parseFromString(`<table><tr>${html}</tr></table>`, 'text/html').querySelector('td');
            const old = cellOf(claim);
            if (row && old) {
                const fresh = document.importNode(row, true);
                fresh.querySelector('details')?.toggleAttribute('open', old.querySelector('details')?.open ?? false);
                old.replaceWith(fresh);
            }
        }

        return {
            body,
            async refresh() {
                const found = await (await weft.runs.post('/api/board', body())).json();
                for (const [claim, html] of Object.entries(found.cells)) {
                    put(claim, html[language]);
                }
                head.querySelector('.weft-machine').innerHTML = found.machine?.[language] ?? '';
                head.querySelector('.weft-board-count').innerHTML = found.count[language];
                return found.found;
            },
            /** @param {string|null} state waiting, running or failed; null: what the cell holds */
            mark(claimsOfOne, state) {
                for (const cell of claimsOfOne.map(cellOf).filter(Boolean)) {
                    cell.querySelector('.weft-board-state')?.remove();
                    cell.dataset.state = state ?? '';
                    if (state) {
                        cell.prepend(make('span', 'weft-board-state', say(`board_${state}`)), ' ');
                    }
                }
            },
        };
    }

    /** @typedef {{mode: string, waiting: string[], run: {experiment: string, id: string}|null, done: string[], failed: string[]}} Plan */

    function loadPlan() {
        try {
            const plan = JSON.parse(session.get(KEY));
            return Array.isArray(plan?.waiting) ? plan : null;
        } catch {
            return null;
        }
    }

    function wire(section, say) {
        const experiments = JSON.parse(section.dataset.experiments);
        const claimsOf = id => experiments.find(experiment => experiment.id === id)?.claims ?? [];
        const cells = wireCells(section, say);
        const controls = section.querySelector('.weft-board-controls');
        const starts = [...controls.querySelectorAll('[data-mode]')];
        const cancelButton = controls.querySelector('.weft-cancel');
        const box = controls.querySelector('.weft-progress');
        const bar = box.querySelector('progress');
        const text = box.querySelector('.weft-progress-text');
        const error = controls.querySelector('.weft-error');
        /** @type {Plan|null} */
        let plan = null;
        let cancelling = false;

        const save = () => plan ? session.set(KEY, JSON.stringify(plan)) : session.remove(KEY);

        function complain(message, hint) {
            error.replaceChildren(make('strong', '', message));
            if (hint) {
                error.append(' ', make('span', 'weft-hint', hint));
            }
            show(error, true);
        }

        const complainOf = failure => weft.runs.isRefusal(failure)
            ? complain(failure.message, failure.hint)
            : complain(say('server_gone'), say('server_hint'));

        function setBusy(busy) {
            const hadFocus = document.activeElement;
            section.dataset.state = busy ? 'running' : 'idle';
            section.setAttribute('aria-busy', String(busy));
            for (const start of starts) {
                start.disabled = busy;
            }
            show(cancelButton, busy);
            show(bar, busy);
            if (busy && starts.includes(hadFocus)) {
                cancelButton.focus();
            } else if (!busy && hadFocus === cancelButton) {
                starts[0].focus();
            }
        }

        function tell(words) {
            show(box, true);
            if (text.textContent !== words) {
                text.textContent = words;
            }
        }

        const sizeOf = () => plan.done.length + plan.failed.length + plan.waiting.length + (plan.run ? 1 : 0);

        function tellProgress(phase, fraction) {
            const ended = plan.done.length + plan.failed.length;
            bar.value = (ended + fraction) / Math.max(sizeOf(), 1);
            const values = { experiment: plan.run.experiment, phase, place: ended + 1, of: sizeOf() };
            tell(cancelling ? say('cancelling') : say('board_going_on', values));
        }

        async function refresh() {
            try {
                await cells.refresh();
            } catch (failure) {
                complainOf(failure);
            }
            plan?.failed.forEach(id => cells.mark(claimsOf(id), 'failed'));
            plan?.waiting.forEach(id => cells.mark(claimsOf(id), 'waiting'));
            if (plan?.run) {
                cells.mark(claimsOf(plan.run.experiment), 'running');
            }
        }

        async function end(words) {
            const ended = plan;
            plan = null;
            cancelling = false;
            save();
            experiments.forEach(({ claims }) => cells.mark(claims, null));
            setBusy(false);
            await refresh();
            ended.failed.forEach(id => cells.mark(claimsOf(id), 'failed'));
            tell(words);
        }

        function endWell() {
            const [done, of, failed] = [plan.done.length, sizeOf(), plan.failed.join(', ')];
            return end(failed ? say('board_some_failed', { done, of, failed }) : say('board_done', { of }));
        }

        /** The cards of this experiment show the run too, unless one has a run of its own under way. */
        function keepForCards({ experiment, id }) {
            for (const key of claimsOf(experiment).map(claim => 'weft-run:' + claim)) {
                if (!session.get(key)?.includes('"finished":false')) {
                    session.set(key, JSON.stringify({ id, finished: true }));
                }
            }
        }

        async function leave(list) {
            plan[list].push(plan.run.experiment);
            if (list === 'done') {
                keepForCards(plan.run);
            }
            plan.run = null;
            save();
            await refresh();
            return next();
        }

        function attach() {
            const { id } = plan.run;
            tellProgress(say('starting'), 0);
            cells.mark(claimsOf(plan.run.experiment), 'running');
            weft.runs.follow(id, {
                found: () => show(error, false),
                lost: () => complain(say('server_lost'), say('server_hint')),
                gone: () => {
                    complain(say('run_gone'), say('server_hint'));
                    return end('');
                },
                queued: ({ position }) => tellProgress(say('queued', { position }), 0),
                progress: event => tellProgress(
                    event.html?.[section.dataset.lang] ?? say('running'), event.fraction ?? 0),
                done: () => leave('done'),
                error: ({ message, hint, cancelled }) => {
                    if (cancelled && cancelling) {
                        return end(say('board_cancelled'));
                    }
                    if (!cancelled) {
                        complain(message, hint);
                    }
                    return leave('failed');
                },
            });
        }

        async function next() {
            if (cancelling) {
                return end(say('board_cancelled'));
            }
            if (plan.waiting.length === 0) {
                return endWell();
            }
            const experiment = plan.waiting[0];
            try {
                const id = await weft.runs.start({ experiment, mode: plan.mode });
                plan.waiting.shift();
                plan.run = { experiment, id };
                save();
                attach();
                if (cancelling) {
                    await cancelRun();
                }
            } catch (failure) {
                if (failure.status === QUEUE_FULL && !cancelling) {
                    tell(failure.message);
                    setTimeout(next, AGAIN_MS);
                    return;
                }
                complainOf(failure);
                await end('');
            }
        }

        function start(mode) {
            if (plan) {
                return;
            }
            show(error, false);
            plan = { mode, waiting: experiments.map(({ id }) => id), run: null, done: [], failed: [] };
            save();
            setBusy(true);
            plan.waiting.forEach(id => cells.mark(claimsOf(id), 'waiting'));
            next();
        }

        async function cancelRun() {
            try {
                await weft.runs.cancel(plan.run.id);
            } catch (failure) {
                cancelling = false;
                complainOf(failure);
            }
        }

        function cancel() {
            if (plan && !cancelling) {
                cancelling = true;
                tell(say('cancelling'));
                if (plan.run) {
                    cancelRun();
                }
            }
        }

        async function saveAs(form) {
            show(error, false);
            try {
                const blob = await (await weft.runs.post('/api/board/' + form, cells.body())).blob();
                const link = make('a', '');
                link.href = URL.createObjectURL(blob);
                link.download = 'weft-verdicts.' + form;
                link.click();
                URL.revokeObjectURL(link.href);
            } catch (failure) {
                complainOf(failure);
            }
        }

        section.querySelector('.weft-board-frame').classList.remove('weft-board-recorded-only');
        section.classList.add('weft-board-live');
        show(section.querySelector('.weft-static-hint'), false);
        show(controls, true);
        const saves = section.querySelector('.weft-board-save');
        show(saves, true);
        starts.forEach(button => button.addEventListener('click', () => start(button.dataset.mode)));
        cancelButton.addEventListener('click', cancel);
        saves.querySelectorAll('button').forEach(button => button.addEventListener('click', () => saveAs(button.dataset.form)));
        // A card in another tab, or a terminal, may have added something meanwhile.
        document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && refresh());

        plan = loadPlan();
        setBusy(plan !== null);
        refresh();
        if (plan) {
            plan.run ? attach() : next();
        }
    }

    const section = document.querySelector('.weft-board');
    if (section && !weft.isPrint) {
        const frame = section.querySelector('.weft-board-frame');
        weft.makeScrollable(frame, section.getAttribute('aria-label'));
        if (weft.isLive) {
            wire(section, weft.speaker(section));
        }
    }
})(window.weft);
