// The lab card: prediction, run, result. The page works without this script; see weft-predict.js for the prediction
// and weft-run.js for the server's interface.
'use strict';

(function cards(weft) {
    const session = weft.storage('sessionStorage');

    /** The card's own words, by key, with {placeholders}; numbers in the card's language. */
    function speaker(card) {
        const strings = JSON.parse(card.dataset.strings ?? '{}');
        const format = new Intl.NumberFormat(card.dataset.lang, { maximumSignificantDigits: 3 });
        const say = (key, values = {}) =>
            (strings[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
        say.number = value => format.format(value);
        return say;
    }

    function make(name, className, text) {
        const made = document.createElement(name);
        made.className = className;
        if (text !== undefined) {
            made.textContent = text;
        }
        return made;
    }

    function button(className, text, onClick) {
        const made = make('button', className, text);
        made.type = 'button';
        made.addEventListener('click', onClick);
        return made;
    }

    function show(element, visible) {
        if (element) {
            element.hidden = !visible;
        }
    }

    /** Text in which `backquoted` words are code. */
    function setRichText(element, text) {
        element.replaceChildren(...text.split('`').map((part, index) => index % 2 ? make('code', '', part) : part));
    }

    /** Puts each figure's drawing into a box that scrolls by itself on a narrow screen. */
    function wrapPlots(root) {
        for (const svg of root.querySelectorAll('.weft-figure > svg')) {
            const box = make('div', 'weft-plot');
            svg.replaceWith(box);
            box.append(svg);
        }
        for (const box of root.querySelectorAll('.weft-plot')) {
            const title = box.querySelector('svg > title')?.textContent;
            weft.makeScrollable(box, title ?? box.closest('figure')?.querySelector('figcaption')?.textContent ?? '');
        }
        for (const table of root.querySelectorAll('.weft-table > table')) {
            const box = make('div', 'table-wrapper');
            table.replaceWith(box);
            box.append(table);
            weft.makeScrollable(box, table.closest('details').querySelector('summary').textContent);
        }
    }

    // ---- The prediction -------------------------------------------------------------------------------------------

    /** Asks before the result is shown, keeps the answer, writes and draws it. Returns `refresh`, to be called when results change. */
    function wirePrediction(card, say) {
        const claim = card.dataset.claim;
        const form = card.querySelector('.weft-predict');
        const predicted = card.querySelector('.weft-predicted');
        if (!form || !predicted) {
            return () => {};
        }
        const times = form.elements.times;
        form.noValidate = true;
        predicted.tabIndex = -1;
        const hint = make('p', 'weft-veil-hint', say('veiled'));
        form.after(hint);

        const needsTimes = () => ['more', 'less'].includes(form.elements.direction.value);

        function validate() {
            const missing = !form.elements.direction.value;
            form.querySelector('[name="direction"]').setCustomValidity(missing ? say('choose_direction') : '');
            if (times) {
                const bad = needsTimes() && (times.value === '' || !times.checkValidityQuietly());
                times.setCustomValidity(bad ? say('choose_times', { min: times.min, max: times.max }) : '');
            }
        }
        if (times) {
            times.checkValidityQuietly = () => {
                const value = times.valueAsNumber;
                return value >= Number(times.min || 0) && value <= Number(times.max || Infinity);
            };
        }

        function writeComparison(prediction) {
            card.querySelectorAll('.weft-compared').forEach(old => old.remove());
            for (const verdicts of card.querySelectorAll('.weft-verdicts')) {
                const own = verdicts.querySelector(`.weft-verdict[data-claim="${CSS.escape(claim)}"]`);
                const sentence = prediction && own && weft.prediction.compare(prediction, own, say);
                if (sentence) {
                    own.after(make('p', 'weft-compared', sentence));
                }
            }
        }

        function refresh() {
            const prediction = weft.prediction.load(claim);
            card.classList.toggle('weft-veiled', prediction === null);
            show(form, prediction === null);
            show(hint, prediction === null);
            show(predicted, prediction !== null);
            if (prediction) {
                predicted.replaceChildren(
                    make('span', 'weft-predicted-text', weft.prediction.words(prediction, say)), ' ',
                    button('weft-forget weft-quiet', say('forget'), forget),
                );
            }
            if (times) {
                times.closest('label').classList.toggle('weft-unused', !needsTimes());
                times.disabled = !needsTimes();
            }
            weft.prediction.drawAll(card, prediction, say);
            writeComparison(prediction);
        }

        function decide(prediction) {
            weft.prediction.save(claim, prediction);
            refresh();
            predicted.focus({ preventScroll: true });
        }

        function forget() {
            weft.prediction.forget(claim);
            refresh();
            form.querySelector('[name="direction"]').focus();
        }

        form.addEventListener('submit', event => {
            event.preventDefault();
            validate();
            if (form.reportValidity()) {
                const direction = form.elements.direction.value;
                decide(needsTimes() ? { direction, times: times.valueAsNumber } : { direction });
            }
        });
        form.addEventListener('input', () => {
            if (times) {
                times.closest('label').classList.toggle('weft-unused', !needsTimes());
                times.disabled = !needsTimes();
                times.setCustomValidity('');
            }
            form.querySelector('[name="direction"]').setCustomValidity('');
        });
        form.querySelector('.weft-just-show')?.addEventListener('click', () => decide({ direction: 'dismissed' }));
        refresh();
        return refresh;
    }

    // ---- The result -----------------------------------------------------------------------------------------------

    /** So that a figure measured now may bear the same id as the recorded one that it stands for. */
    function suffixIds(root, suffix) {
        const ids = [...root.querySelectorAll('[id]')].map(element => element.id);
        const renamed = new Map(ids.map(id => [id, id + suffix]));
        const rename = text => text.split(' ').map(id => renamed.get(id) ?? id).join(' ');
        for (const element of root.querySelectorAll('*')) {
            for (const { name, value } of [...element.attributes]) {
                if (name === 'id' || name.startsWith('aria-')) {
                    element.setAttribute(name, rename(value));
                } else if (value.includes('#')) {
                    element.setAttribute(name, value.replace(/#([\w-]+)/g, (whole, id) => '#' + (renamed.get(id) ?? id)));
                }
            }
        }
    }

    /** The recorded result and, once there is one, the result of this machine; one of the two is shown. */
    function wireResults(card, say, onChange) {
        const recorded = card.querySelector('.weft-result[data-source="recorded"]');
        let live = null;
        let toggle = null;

        function choose(which) {
            show(recorded, which === 'recorded');
            show(live, which === 'live');
            toggle?.querySelectorAll('button').forEach(choice =>
                choice.setAttribute('aria-pressed', String(choice.dataset.which === which)));
        }

        function addToggle() {
            toggle = make('div', 'weft-toggle');
            toggle.setAttribute('role', 'group');
            toggle.setAttribute('aria-label', say('which_result'));
            for (const which of ['live', 'recorded']) {
                const choice = button('', say(`show_${which}`), () => choose(which));
                choice.dataset.which = which;
                toggle.append(choice);
            }
            recorded.before(toggle);
        }

        function begin() {
            if (live === null) {
                live = make('div', 'weft-result');
                live.dataset.source = 'live';
                if (recorded) {
                    suffixIds(recorded, '-recorded');
                    recorded.after(live);
                    addToggle();
                } else {
                    (card.querySelector('.weft-command') ?? card.lastElementChild).before(live);
                }
            }
            live.replaceChildren(
                make('p', 'weft-source-label', say('measured_here')),
                make('div', 'weft-verdicts'),
                make('div', 'weft-figures'),
            );
            choose('live');
        }

        /** Adds a fragment from the server, or puts it in the place of the one with the same key. */
        function put(list, attribute, html) {
            const parsed = new DOMParser().parseFromString(html, 'text/html').body.firstElementChild;
            if (!parsed) {
                return null;
            }
            const fragment = document.importNode(parsed, true);
            const box = live.querySelector(list);
            const old = [...box.children].find(child =>
                child.hasAttribute(attribute) && child.getAttribute(attribute) === fragment.getAttribute(attribute));
            old ? old.replaceWith(fragment) : box.append(fragment);
            wrapPlots(live);
            return fragment;
        }

        return {
            begin,
            verdict(event) {
                const fragment = put('.weft-verdicts', 'data-claim', event.html[card.dataset.lang]);
                const effect = event.effect ?? {};
                for (const key of ['kind', 'estimate', 'low', 'high', 'unit']) {
                    if (fragment && fragment.dataset[key] === undefined && effect[key] !== undefined && effect[key] !== null) {
                        fragment.dataset[key] = effect[key];
                    }
                }
                onChange();
            },
            figure(event) {
                put('.weft-figures', 'data-figure', event.html[card.dataset.lang]);
                onChange();
            },
        };
    }

    // ---- The form -------------------------------------------------------------------------------------------------

    const valueOf = input => input.type === 'checkbox' ? String(input.checked) : input.value.trim();

    /** What the reader chose: the body of POST /api/runs without the experiment. Only changed parameters stand in it. */
    function choicesOf(form) {
        const request = { mode: form.elements.mode?.value ?? 'quick' };
        const set = {};
        for (const input of form.querySelectorAll('[data-param]')) {
            const value = valueOf(input);
            if (value !== '' && value !== (input.dataset.default ?? '')) {
                set[input.dataset.param] = value;
            }
        }
        if (Object.keys(set).length > 0) {
            request.set = set;
        }
        const seed = form.elements.seed?.value.trim();
        if (seed) {
            request.seed = Number(seed);
        }
        return request;
    }

    const quote = word => /^[\w.,:/=+-]+$/.test(word) ? word : `'${word.replaceAll('\'', '\'\\\'\'')}'`;

    /** The command that does the same in a terminal. */
    function commandOf(experiment, { mode, set = {}, seed }) {
        const sets = Object.entries(set).map(([key, value]) => `--set ${quote(`${key}=${value}`)}`);
        const seeds = seed === undefined ? [] : [`--seed ${seed}`];
        return ['weft run', experiment, `--${mode}`, ...sets, ...seeds].join(' ');
    }

    /** A message in the card's language for an input that is out of its bounds; empty when it is within them. */
    function complaint(input, say) {
        const state = input.validity;
        if (state.badInput) {
            return say('not_a_number');
        }
        if (state.rangeUnderflow || state.rangeOverflow) {
            const { min, max } = input;
            const key = min && max ? 'out_of_bounds' : min ? 'below_minimum' : 'above_maximum';
            return say(key, { min, max });
        }
        return state.stepMismatch ? say('wrong_step', { step: input.step }) : '';
    }

    function validateForm(form, say) {
        for (const input of form.querySelectorAll('input')) {
            input.setCustomValidity('');
            input.setCustomValidity(complaint(input, say));
        }
        const details = form.querySelector('details:has(:invalid)');
        if (details) {
            details.open = true;
        }
        return form.reportValidity();
    }

    // ---- The run --------------------------------------------------------------------------------------------------

    /** What a card shows of the run's course. */
    function wireProgress(card, say) {
        const box = card.querySelector('.weft-progress');
        const bar = box.querySelector('progress');
        const text = box.querySelector('.weft-progress-text');
        const elapsed = make('span', 'weft-elapsed');
        elapsed.setAttribute('aria-hidden', 'true');
        text.after(' ', elapsed);
        const error = card.querySelector('.weft-error');

        return {
            /** @param {string} state idle, starting, queued, running, done, cancelled or failed */
            state(state, words) {
                const goesOn = ['starting', 'queued', 'running'].includes(state);
                card.dataset.state = state;
                card.setAttribute('aria-busy', String(goesOn));
                show(box, state !== 'idle' && state !== 'failed');
                show(bar, goesOn);
                if (state !== 'running') {
                    bar.removeAttribute('value');
                    elapsed.textContent = '';
                }
                // The same words again would be read aloud again.
                if (words !== undefined && text.textContent !== words) {
                    text.textContent = words;
                }
            },
            amount(fraction, milliseconds) {
                fraction === null ? bar.removeAttribute('value') : bar.value = fraction;
                const percent = fraction === null ? '' : `${Math.round(fraction * 100)}% · `;
                elapsed.textContent = percent + say('seconds', { seconds: (milliseconds / 1000).toFixed(1) });
            },
            error(message, hint) {
                error.replaceChildren(make('strong', '', message));
                if (hint) {
                    error.append(' ', make('span', 'weft-hint', hint));
                }
                show(error, true);
            },
            clearError: () => show(error, false),
        };
    }

    function wireRun(card, say, results) {
        const form = card.querySelector('.weft-params');
        const progress = wireProgress(card, say);
        const runButton = form.querySelector('.weft-run');
        const cancelButton = form.querySelector('.weft-cancel');
        const command = card.querySelector('.weft-command code');
        const key = 'weft-run:' + card.dataset.claim;
        let current = null;

        function setBusy(busy) {
            const hadFocus = document.activeElement;
            runButton.disabled = busy;
            cancelButton.disabled = false;
            show(cancelButton, busy);
            if (busy && hadFocus === runButton) {
                cancelButton.focus();
            } else if (!busy && hadFocus === cancelButton) {
                runButton.focus();
            }
        }

        function end(state, words) {
            progress.state(state, words);
            setBusy(false);
            current = null;
        }

        function fail(message, hint) {
            end('failed', '');
            session.remove(key);
            progress.error(message, hint);
        }

        /** @param {boolean} finished this run was done before the page was loaded again */
        function attach(id, finished) {
            let elapsed = null;
            let hasResult = false;
            const result = () => {
                if (!hasResult) {
                    hasResult = true;
                    results.begin();
                }
                return results;
            };
            current = { id };
            setBusy(true);
            progress.state('starting', say('starting'));
            weft.runs.follow(id, {
                found: progress.clearError,
                lost: () => progress.error(say('server_lost'), say('server_hint')),
                gone: () => finished
                    ? (session.remove(key), end('idle', ''))
                    : fail(say('run_gone'), say('server_hint')),
                queued: ({ position }) => progress.state('queued', say('queued', { position })),
                progress: event => {
                    elapsed = event.elapsed_ms;
                    progress.state('running', event.html?.[card.dataset.lang] ?? say('running'));
                    progress.amount(event.fraction ?? null, event.elapsed_ms);
                },
                verdict: event => result().verdict(event),
                figure: event => result().figure(event),
                done: () => {
                    session.set(key, JSON.stringify({ id, finished: true }));
                    const seconds = elapsed === null ? null : (elapsed / 1000).toFixed(1);
                    end('done', seconds === null ? say('done') : say('done_in', { seconds }));
                },
                error: ({ message, hint, cancelled }) => {
                    session.remove(key);
                    cancelled ? end('cancelled', say('cancelled')) : fail(message, hint);
                },
            });
        }

        async function start() {
            progress.clearError();
            setBusy(true);
            progress.state('starting', say('starting'));
            try {
                const id = await weft.runs.start({ experiment: card.dataset.experiment, ...choicesOf(form) });
                session.set(key, JSON.stringify({ id, finished: false }));
                attach(id, false);
            } catch (error) {
                const refused = error.hint !== undefined;
                refused ? fail(error.message, error.hint) : fail(say('server_gone'), say('server_hint'));
            }
        }

        async function cancel() {
            if (current === null) {
                return;
            }
            cancelButton.disabled = true;
            progress.state(card.dataset.state, say('cancelling'));
            try {
                await weft.runs.cancel(current.id);
            } catch (error) {
                cancelButton.disabled = false;
                const refused = error.hint !== undefined;
                progress.error(refused ? error.message : say('server_gone'), refused ? error.hint : say('server_hint'));
            }
        }

        function writeCommand() {
            if (command) {
                command.textContent = commandOf(card.dataset.experiment, choicesOf(form));
            }
        }

        function reattach() {
            try {
                const { id, finished } = JSON.parse(session.get(key)) ?? {};
                if (id) {
                    attach(id, finished);
                }
            } catch {
                session.remove(key);
            }
        }

        show(form, true);
        form.noValidate = true;
        form.addEventListener('input', event => {
            event.target.setCustomValidity?.('');
            writeCommand();
        });
        form.addEventListener('submit', event => {
            event.preventDefault();
            if (current === null && !runButton.disabled && validateForm(form, say)) {
                start();
            }
        });
        cancelButton.addEventListener('click', cancel);
        progress.state('idle');
        writeCommand();
        reattach();
    }

    function sayHowToRun(card, say) {
        const hint = make('p', 'weft-static-hint');
        setRichText(hint, say('static_hint'));
        card.querySelector('.weft-params')?.after(hint);
    }

    function wireCard(card) {
        const say = speaker(card);
        wrapPlots(card);
        const refresh = wirePrediction(card, say);
        if (weft.isLive) {
            wireRun(card, say, wireResults(card, say, refresh));
        } else {
            sayHowToRun(card, say);
        }
    }

    if (!weft.isPrint) {
        document.querySelectorAll('.weft-card').forEach(wireCard);
    }
    weft.restoreScroll();
})(window.weft);
