// The form of a card: what the reader chose, whether it is within bounds, and the command that says the same.
'use strict';

window.weft = window.weft ?? {};

(function form(weft) {
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

    function validate(form, say) {
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

    weft.form = { choicesOf, commandOf, validate };
})(window.weft);
