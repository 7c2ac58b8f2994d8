// Asks for the prediction before the result is shown. What a prediction is stands in weft-predict.js.
'use strict';

window.weft = window.weft ?? {};

(function ask(weft) {
    const { make, button, show } = weft.dom;

    /** The number of times, asked for only when the answer is "more" or "less". */
    function wireTimes(form, say) {
        const input = form.elements.times;
        const isAsked = () => ['more', 'less'].includes(form.elements.direction.value);
        return {
            isAsked: () => Boolean(input) && isAsked(),
            value: () => input.valueAsNumber,
            refresh() {
                if (input) {
                    input.setCustomValidity('');
                    input.disabled = !isAsked();
                    input.closest('label').classList.toggle('weft-unused', !isAsked());
                }
            },
            validate() {
                if (input && isAsked()) {
                    const { min, max } = input;
                    const within = input.valueAsNumber >= Number(min || 0) && input.valueAsNumber <= Number(max || Infinity);
                    input.setCustomValidity(within ? '' : say('choose_times', { min, max }));
                }
            },
        };
    }

    /** Under each verdict on the card's claim, what became of the prediction. */
    function writeComparison(card, prediction, say) {
        card.querySelectorAll('.weft-compared').forEach(old => old.remove());
        const claim = CSS.escape(card.dataset.claim);
        for (const verdict of card.querySelectorAll(`.weft-verdict[data-claim="${claim}"]`)) {
            const sentence = prediction && weft.prediction.compare(prediction, verdict, say);
            if (sentence) {
                verdict.after(make('p', 'weft-compared', sentence));
            }
        }
    }

    /**
     * Wires a card's question. The result stays veiled until the reader has answered or asked to see it.
     * @returns {function(): void} holds new results against the prediction
     */
    function wire(card, say) {
        const claim = card.dataset.claim;
        const form = card.querySelector('.weft-predict');
        const predicted = card.querySelector('.weft-predicted');
        if (!form || !predicted) {
            return () => {};
        }
        const firstChoice = form.querySelector('[name="direction"]');
        const times = wireTimes(form, say);
        const hint = make('p', 'weft-veil-hint', say('veiled'));
        form.noValidate = true;
        form.after(hint);
        predicted.tabIndex = -1;

        function refresh() {
            const prediction = weft.prediction.load(claim);
            card.classList.toggle('weft-veiled', prediction === null);
            show(form, prediction === null);
            show(hint, prediction === null);
            show(predicted, prediction !== null);
            if (prediction) {
                const words = make('span', 'weft-predicted-text', weft.prediction.words(prediction, say));
                predicted.replaceChildren(words, ' ', button('weft-forget weft-quiet', say('forget'), forget));
            }
            times.refresh();
            refreshResults();
        }

        function refreshResults() {
            const prediction = weft.prediction.load(claim);
            weft.prediction.drawAll(card, prediction, say);
            writeComparison(card, prediction, say);
        }

        function decide(prediction) {
            weft.prediction.save(claim, prediction);
            refresh();
            predicted.focus({ preventScroll: true });
        }

        function forget() {
            weft.prediction.forget(claim);
            refresh();
            firstChoice.focus();
        }

        function commit(event) {
            event.preventDefault();
            const direction = form.elements.direction.value;
            firstChoice.setCustomValidity(direction ? '' : say('choose_direction'));
            times.validate();
            if (form.reportValidity()) {
                decide(times.isAsked() ? { direction, times: times.value() } : { direction });
            }
        }

        form.addEventListener('submit', commit);
        form.addEventListener('input', () => {
            firstChoice.setCustomValidity('');
            times.refresh();
        });
        form.querySelector('.weft-just-show').addEventListener('click', () => decide({ direction: 'dismissed' }));
        refresh();
        return refreshResults;
    }

    weft.ask = { wire };
})(window.weft);
