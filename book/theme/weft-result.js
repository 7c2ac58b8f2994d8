// The result of a card: the recorded one, and the one measured on this machine in its place.
'use strict';

window.weft = window.weft ?? {};

(function result(weft) {
    const { make, button, show } = weft.dom;

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

    /** So that a figure measured now may bear the same id as the recorded one that it stands for. */
    function suffixIds(root, suffix) {
        const ids = [...root.querySelectorAll('[id]')].map(element => element.id);
        const renamed = new Map(ids.map(id => [id, id + suffix]));
        const rename = text => text.split(' ').map(id => renamed.get(id) ?? id).join(' ');
        for (const element of root.querySelectorAll('*')) {
            for (const { name, value } of [...element.attributes]) {
                if (['id', 'aria-labelledby', 'aria-describedby', 'aria-controls'].includes(name)) {
                    element.setAttribute(name, rename(value));
                } else if (value.includes('#')) {
                    element.setAttribute(name, value.replace(/#([\w-]+)/g, (whole, id) => '#' + (renamed.get(id) ?? id)));
                }
            }
        }
    }

    /** Two buttons before the recorded result, of which one is pressed; `choose` is told which. */
    function addToggle(recorded, say, choose) {
        const group = make('div', 'weft-toggle');
        group.setAttribute('role', 'group');
        group.setAttribute('aria-label', say('which_result'));
        for (const which of ['live', 'recorded']) {
            const choice = button('', say(`show_${which}`), () => choose(which));
            choice.dataset.which = which;
            group.append(choice);
        }
        recorded.before(group);
        return {
            mark: which => group.querySelectorAll('button').forEach(choice =>
                choice.setAttribute('aria-pressed', String(choice.dataset.which === which))),
        };
    }

    /** The recorded result and, once there is one, the result of this machine; one of the two is shown. */
    function wire(card, say, onChange) {
        const recorded = card.querySelector('.weft-result[data-source="recorded"]');
        let live = null;
        let toggle = null;

        function choose(which) {
            show(recorded, which === 'recorded');
            show(live, which === 'live');
            toggle?.mark(which);
        }

        function begin() {
            if (live === null) {
                live = make('div', 'weft-result');
                live.dataset.source = 'live';
                if (recorded) {
                    suffixIds(recorded, '-recorded');
                    recorded.after(live);
                    toggle = addToggle(recorded, say, choose);
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

    weft.result = { wire, wrapPlots, addToggle };
})(window.weft);
