// The lab card of a claim that is tested in the page itself: run, animation, verdict, figures. The measuring stands in
// weft-frames.js and weft-worker.js.
//
// The result is kept in this browser under the key `weft-page-result:CLAIM`, as JSON:
//   { schema: 1, claim, kind: "ratio", outcome, effect, low, high, unit: "1", region: [low, high], when (RFC 3339, UTC),
//     user_agent, cores, isolated, aa, mode, seed, samples }
// `outcome` is supported, refuted, no-difference or inconclusive; `effect`, `low`, `high` are null where nothing was measured.
// `samples` holds `main` and `worker`: for each block the gaps between frames in ms; `work`: how long the work took; `shared`:
// additions, and how many of them were lost, or null where the page is not isolated.
'use strict';

window.weft = window.weft ?? {};

(function pageLab(weft) {
    const { make, show } = weft.dom;
    const store = weft.storage('localStorage');
    const keyOf = claim => 'weft-page-result:' + claim;
    const SCHEMA = 1;

    /** @returns {object|null} the result that is kept of a claim */
    function load(claim) {
        try {
            const result = JSON.parse(store.get(keyOf(claim)));
            return result?.schema === SCHEMA && result.claim === claim ? result : null;
        } catch {
            return null;
        }
    }

    function resultOf(claim, choices, region, samples) {
        const { outcome, effect } = weft.frames.judge(samples, region, choices.seed);
        return {
            schema: SCHEMA,
            claim,
            kind: 'ratio',
            outcome,
            effect: effect?.estimate ?? null,
            low: effect?.low ?? null,
            high: effect?.high ?? null,
            unit: '1',
            region,
            when: new Date().toISOString(),
            user_agent: navigator.userAgent,
            cores: navigator.hardwareConcurrency ?? null,
            isolated: window.crossOriginIsolated === true,
            ...choices,
            samples,
        };
    }

    const milliseconds = (value, say) => say('milliseconds', { value: say.number(value) });
    const withInterval = ({ effect, low, high }, say) => `${say.number(effect)} [${say.number(low)}, ${say.number(high)}]`;

    function summaryOf(result, judged, say) {
        if (result.effect === null) {
            return say('page_nothing');
        }
        const effect = withInterval(result, say);
        const [main, worker] = [judged.longest.main, judged.longest.worker].map(value => milliseconds(value, say));
        return result.aa ? say('page_aa', { effect }) : say('page_summary', { effect, main, worker });
    }

    function findingsOf(result, judged, say) {
        const { shared } = result.samples;
        const found = [];
        if (result.effect !== null && !result.aa) {
            const [main, worker] = [judged.work.main, judged.work.worker].map(value => milliseconds(value, say));
            found.push(say('page_same_work', { main, worker }));
        }
        if (shared) {
            const percent = lost => say.number(weft.statistics.median(lost) / shared.additions * 100);
            const additions = say.number(shared.additions);
            found.push(say('page_plain', { percent: percent(shared.plain), additions }));
            found.push(say('page_atomic', { lost: say.number(Math.max(...shared.atomic)), additions }));
        }
        return found;
    }

    /** What may have changed the result, and what to do about it. */
    function doubtsOf(result, say) {
        const doubts = [];
        if (result.samples.barred !== null) {
            doubts.push([say('page_barred'), say('page_serve')]);
        } else if (result.samples.shared === null) {
            doubts.push([say('page_not_isolated'), say('page_serve')]);
        }
        if (result.cores === 1) {
            doubts.push([say('page_one_core'), say('page_one_core_remedy')]);
        }
        if (result.outcome === 'inconclusive' && result.effect !== null) {
            doubts.push([say('page_wide'), say('page_wide_remedy')]);
        }
        return doubts;
    }

    function list(className, items) {
        const made = make('ul', className);
        made.append(...items);
        return items.length === 0 ? '' : made;
    }

    /** In the form of the program's own verdicts (weft-lab: html.rs). */
    function verdictOf(result, judged, say) {
        const made = make('div', 'weft-verdict');
        const { outcome, effect, low, high, unit, kind } = result;
        Object.assign(made.dataset, { claim: result.claim, outcome });
        if (effect !== null) {
            Object.assign(made.dataset, { kind, estimate: effect, low, high, unit });
        }
        const [from, to] = result.region.map(value => say.number(value));
        made.append(
            make('span', 'weft-badge', say(`outcome_${outcome}`)), ' ',
            make('span', 'weft-summary', summaryOf(result, judged, say)), ' ',
            make('span', 'weft-region', say('page_region', { low: from, high: to })),
            list('weft-findings', findingsOf(result, judged, say).map(text => make('li', '', text))),
            list('weft-doubts', doubtsOf(result, say).map(([message, remedy]) => {
                const item = make('li', '', message + ' ');
                item.append(make('em', '', remedy));
                return item;
            })),
        );
        return made;
    }

    function ratioFigure(result, machine, say) {
        const { effect: estimate, low, high, region, claim } = result;
        const [title, row] = [say('ratio_title'), say(result.aa ? 'ratio_aa' : 'ratio_row')];
        const number = withInterval(result, say);
        const svg = weft.plot.ratio(`weft-${claim}-ratio`, {
            title, description: say('ratio_description'), label: say('ratio_axis'), row, number, effect: { estimate, low, high }, region,
        });
        const columns = [say('column_what'), say('column_ratio'), say('column_low'), say('column_high')];
        return weft.plot.figure('ratio', svg, {
            title, machine, summary: say('numbers'), columns, rows: [[row, ...[estimate, low, high].map(value => say.number(value))]],
        });
    }

    function gapsFigure(result, judged, machine, say) {
        const title = say('gaps_title');
        const rows = ['main', 'worker'].map(side => ({
            name: say(`side_${result.aa ? 'worker' : side}`),
            values: result.samples[side].flat(),
            longest: judged.longest[side],
        }));
        const svg = weft.plot.strips(`weft-${result.claim}-gaps`, {
            title, description: say('gaps_description'), label: say('gaps_axis'), rows,
        });
        const columns = ['column_what', 'column_frames', 'column_median', 'column_p95', 'column_longest', 'column_worst'];
        const { quantile } = weft.statistics;
        return weft.plot.figure('gaps', svg, {
            title, machine, summary: say('numbers'), columns: columns.map(key => say(key)),
            rows: rows.map(({ name, values, longest }) => [
                name, String(values.length),
                ...[quantile(values, 0.5), quantile(values, 0.95), longest, Math.max(...values)].map(value => milliseconds(value, say)),
            ]),
        });
    }

    /** Writes a result into the card. */
    function write(box, result, say, lang) {
        const judged = weft.frames.judge(result.samples, result.region, result.seed);
        const when = new Intl.DateTimeFormat(lang, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(result.when));
        const machine = say('page_machine', { cores: result.cores ?? '?', agent: result.user_agent });
        box.replaceChildren(make('p', 'weft-source-label', say('page_measured', { when })), verdictOf(result, judged, say));
        if (result.effect !== null) {
            box.append(ratioFigure(result, machine, say), gapsFigure(result, judged, machine, say));
        }
        weft.result.wrapPlots(box);
    }

    /** A dot that the page's script moves, and a count of the frames in which it did. */
    function animate(card, say) {
        const dot = card.querySelector('.weft-dot-script');
        const count = card.querySelector('.weft-frame-count');
        const isStill = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
        let frames = 0;
        let goesOn = true;
        function frame(now) {
            frames += 1;
            const phase = now / 1600 % 2;
            if (!isStill) {
                dot.style.insetInlineStart = `${(phase < 1 ? phase : 2 - phase) * 100}%`;
            }
            count.textContent = say('frames_drawn', { count: frames });
            if (goesOn) {
                requestAnimationFrame(frame);
            }
        }
        requestAnimationFrame(frame);
        return () => { goesOn = false; };
    }

    /** Wires a card; `holdAgainstPrediction` is called for a new result. */
    function wire(card, say, holdAgainstPrediction) {
        const { claim, lang } = card.dataset;
        const region = [Number(card.dataset.regionLow), Number(card.dataset.regionHigh)];
        const form = card.querySelector('.weft-page-run');
        const stage = card.querySelector('.weft-stage');
        const status = card.querySelector('.weft-progress-text');
        const progress = card.querySelector('.weft-progress');
        const box = card.querySelector('.weft-page-result');
        const runButton = form.querySelector('.weft-run');
        const cancelButton = form.querySelector('.weft-cancel');
        const failure = card.querySelector('.weft-error');
        const recorded = card.querySelector('.weft-result');
        let toggle = null;
        let end = null;

        function choose(which) {
            show(box, which === 'live');
            show(recorded, which === 'recorded');
            toggle?.mark(which);
        }

        /** Writes this browser's result and shows it in place of the recorded one. */
        function put(result) {
            write(box, result, say, lang);
            toggle = toggle ?? (recorded && weft.result.addToggle(box, say, choose));
            choose('live');
            holdAgainstPrediction();
        }

        function state(name, words) {
            card.dataset.state = name;
            card.setAttribute('aria-busy', String(name === 'running'));
            show(progress, name !== 'idle' && name !== 'failed');
            show(progress.querySelector('progress'), name === 'running');
            status.textContent = words;
        }

        function setBusy(busy) {
            const hadFocus = document.activeElement;
            runButton.disabled = busy;
            show(cancelButton, busy);
            show(stage, busy);
            if (busy && hadFocus === runButton) {
                cancelButton.focus();
            } else if (!busy && hadFocus === cancelButton) {
                runButton.focus();
            }
        }

        function tell(fraction, phase) {
            progress.querySelector('progress').value = fraction;
            state('running', say(`phase_${phase}`));
        }

        async function run() {
            const choices = {
                mode: form.elements.mode.value,
                aa: form.elements.aa.checked,
                seed: Math.floor(Math.random() * 2 ** 31),
            };
            let why = null;
            end = reason => { why = why ?? reason; };
            const hide = () => document.hidden && end('page_hidden');
            document.addEventListener('visibilitychange', hide);
            setBusy(true);
            show(failure, false);
            const stopAnimation = animate(card, say);
            try {
                const samples = await weft.frames.measure(choices, tell, () => why);
                const result = resultOf(claim, choices, region, samples);
                store.set(keyOf(claim), JSON.stringify(result));
                put(result);
                state('done', say('done'));
            } catch (error) {
                if (weft.frames.isEnded(error)) {
                    state('cancelled', say(error.why));
                } else {
                    state('failed', '');
                    failure.replaceChildren(make('strong', '', error.message));
                    show(failure, true);
                }
            } finally {
                document.removeEventListener('visibilitychange', hide);
                stopAnimation();
                setBusy(false);
                end = null;
            }
        }

        form.addEventListener('submit', event => {
            event.preventDefault();
            if (end === null) {
                run();
            }
        });
        cancelButton.addEventListener('click', () => end?.('cancelled'));
        show(form, true);
        state('idle', '');
        const kept = load(claim);
        if (kept) {
            put(kept);
        }
    }

    weft.pageLab = { wire, load };
})(window.weft);
