// Lets a reader step through the table of interleavings. Each cell is a line of a program, `a = x` or `x = a + 1`; what
// the variables hold is computed from the lines. Without this script the table says the same.
'use strict';

window.weft = window.weft ?? {};

(function steps(weft) {
    const { make, button } = weft.dom;

    const WORDS = {
        en: {
            group: 'Step through an order',
            order: 'Order',
            back: 'Back',
            next: 'Next step',
            start: 'Before the first step',
            step: (number, code) => `After step ${number}: ${code}`,
            kept: 'Both additions are there.',
            lost: 'One addition is lost.',
        },
        ko: {
            group: '순서를 한 단계씩 따라가기',
            order: '순서',
            back: '뒤로',
            next: '다음 단계',
            start: '첫 단계 전',
            step: (number, code) => `${number}단계 뒤: ${code}`,
            kept: '두 번의 덧셈이 모두 남았습니다.',
            lost: '덧셈 하나가 사라졌습니다.',
        },
    };
    const START = 5;
    const UNKNOWN = '–';

    /** What `x`, `a` and `b` hold after these lines. */
    function run(lines) {
        const held = { x: START, a: UNKNOWN, b: UNKNOWN };
        for (const line of lines) {
            const [, to, from, plus] = /^([abx]) = ([abx])( \+ 1)?$/.exec(line) ?? [];
            if (to) {
                held[to] = held[from] + (plus ? 1 : 0);
            }
        }
        return held;
    }

    function begin(holder) {
        const rows = [...holder.querySelectorAll('tbody tr')].map(row => {
            const cells = [...row.querySelectorAll('td')].filter(cell => cell.querySelector('code'));
            return { row, cells, lines: cells.map(cell => cell.textContent.trim()) };
        });
        const words = WORDS[document.documentElement.lang.slice(0, 2)] ?? WORDS.en;
        let which = 0;
        let done = 0;

        const player = make('div', 'weft-player');
        player.setAttribute('role', 'group');
        player.setAttribute('aria-label', words.group);
        const label = make('label', 'weft-player-order', `${words.order} `);
        const select = document.createElement('select');
        rows.forEach((_, index) => select.append(new Option(String(index + 1), String(index))));
        label.append(select);
        const back = button('weft-player-back', words.back, () => show(which, done - 1));
        const next = button('weft-player-next', words.next, () => show(which, done + 1));
        const state = make('p', 'weft-player-state');
        state.setAttribute('role', 'status');
        select.addEventListener('change', () => show(Number(select.value), 0));
        player.append(label, back, next, state);
        holder.append(player);

        function show(row, count) {
            which = row;
            const { lines } = rows[which];
            done = Math.max(0, Math.min(count, lines.length));
            rows.forEach(({ row: element, cells }, index) => {
                element.classList.toggle('weft-chosen', index === which);
                cells.forEach((cell, step) => {
                    const isNow = index === which && step === done - 1;
                    cell.classList.toggle('weft-now', isNow);
                    if (isNow) {
                        cell.setAttribute('aria-current', 'step');
                    } else {
                        cell.removeAttribute('aria-current');
                    }
                });
            });
            const held = run(lines.slice(0, done));
            const at = done === 0 ? words.start : words.step(done, lines[done - 1]);
            const end = done < lines.length ? '' : ` ${held.x === START + 2 ? words.kept : words.lost}`;
            state.textContent = `${at}. x = ${held.x}, a = ${held.a}, b = ${held.b}.${end}`;
            // A button that is out of use keeps the focus, so that a keyboard does not lose its place.
            back.setAttribute('aria-disabled', String(done === 0));
            next.setAttribute('aria-disabled', String(done === lines.length));
        }
        show(0, 0);
    }

    if (!weft.isPrint) {
        document.querySelectorAll('.weft-steps').forEach(begin);
    }
})(window.weft);
