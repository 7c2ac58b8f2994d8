// The lab card. Its parts: weft-ask.js (the question), weft-form.js (the parameters), weft-run.js (the server's
// interface), weft-result.js (recorded and live result). Without any script the recorded result is plain HTML.
'use strict';

(function cards(weft) {
    const { make, show } = weft.dom;
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

    weft.speaker = speaker;

    /** Text in which `backquoted` words are code. */
    function setRichText(element, text) {
        element.replaceChildren(...text.split('`').map((part, index) => index % 2 ? make('code', '', part) : part));
    }

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
            show(cancelButton, busy);
            if (busy && hadFocus === runButton) {
                cancelButton.focus();
            } else if (!busy && hadFocus === cancelButton) {
                runButton.focus();
            }
        }

        /** The server's own words, or ours when there is no server. */
        const wordsOf = error => weft.runs.isRefusal(error)
            ? [error.message, error.hint]
            : [say('server_gone'), say('server_hint')];

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
                    const words = event.html?.[card.dataset.lang] ?? say('running');
                    progress.state('running', current.cancelling ? say('cancelling') : words);
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
                const id = await weft.runs.start({ experiment: card.dataset.experiment, ...weft.form.choicesOf(form) });
                session.set(key, JSON.stringify({ id, finished: false }));
                attach(id, false);
            } catch (error) {
                fail(...wordsOf(error));
            }
        }

        async function cancel() {
            if (current === null || current.cancelling) {
                return;
            }
            current.cancelling = true;
            progress.state(card.dataset.state, say('cancelling'));
            try {
                await weft.runs.cancel(current.id);
            } catch (error) {
                if (current) {
                    current.cancelling = false;
                }
                progress.error(...wordsOf(error));
            }
        }

        function writeCommand() {
            if (command) {
                command.textContent = weft.form.commandOf(card.dataset.experiment, weft.form.choicesOf(form));
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
            if (current === null && !runButton.disabled && weft.form.validate(form, say)) {
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
        (card.querySelector('.weft-command') ?? card.lastElementChild).before(hint);
    }

    function wireCard(card) {
        const say = speaker(card);
        weft.result.wrapPlots(card);
        const holdAgainstPrediction = weft.ask.wire(card, say);
        if (card.querySelector('.weft-page-run')) {
            weft.pageLab.wire(card, say, holdAgainstPrediction);
        } else if (weft.isLive && card.querySelector('.weft-params')) {
            wireRun(card, say, weft.result.wire(card, say, holdAgainstPrediction));
        } else {
            sayHowToRun(card, say);
        }
    }

    if (!weft.isPrint) {
        document.querySelectorAll('.weft-card').forEach(wireCard);
    }
    weft.restoreScroll();
})(window.weft);
