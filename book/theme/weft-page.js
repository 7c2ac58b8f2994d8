// What every page needs: the language picker, the sidebar's button, scrollable tables, print, redirects of old
// fragments, and reload when a chapter changes.
'use strict';

window.weft = window.weft ?? {};

(function page(weft) {
    const data = document.documentElement.dataset;

    /** Is this page served by `weft serve`, so that experiments can run? */
    weft.isLive = document.querySelector('meta[name="weft-live"]') !== null;

    /** Is this the page that holds the whole book for printing? */
    weft.isPrint = data.print === 'true';

    /** Browser storage that falls back to memory where storage is barred. */
    weft.storage = function storage(name) {
        const memory = new Map();
        const attempt = action => {
            try {
                return action(window[name]);
            } catch {
                return undefined;
            }
        };
        return {
            get: key => attempt(store => store.getItem(key)) ?? memory.get(key) ?? null,
            set(key, value) {
                memory.set(key, value);
                attempt(store => store.setItem(key, value));
            },
            remove(key) {
                memory.delete(key);
                attempt(store => store.removeItem(key));
            },
        };
    };

    /** The picker's links lead to this very page in the other edition, and to the same heading. */
    function linkEditions() {
        for (const link of document.querySelectorAll('.weft-languages a[data-page]')) {
            if (link.dataset.page === '404.md') {
                continue;
            }
            const edition = link.getAttribute('href').replace(/index\.html$/, '');
            const target = edition + link.dataset.page.replace(/\.md$/, '.html');
            const update = () => link.setAttribute('href', target + location.hash);
            update();
            window.addEventListener('hashchange', update);
        }
    }

    /** mdBook's toggle is a label that Tab cannot reach; here a button moves the same checkbox. */
    function wireSidebarButton() {
        const button = document.getElementById('mdbook-sidebar-toggle');
        const checkbox = document.getElementById('mdbook-sidebar-toggle-anchor');
        const sidebar = document.getElementById('mdbook-sidebar');
        button.setAttribute('aria-expanded', String(checkbox.checked));
        sidebar.setAttribute('aria-hidden', String(!checkbox.checked));
        button.addEventListener('click', () => checkbox.click());
        document.addEventListener('keydown', event => {
            const narrow = document.body.clientWidth < 1080;
            if (event.key === 'Escape' && narrow && checkbox.checked && sidebar.contains(event.target)) {
                button.click();
                button.focus();
            }
        });
    }

    /** Lets the keyboard scroll what is wider than the screen. */
    weft.makeScrollable = function makeScrollable(element, label) {
        const update = () => {
            const scrolls = element.scrollWidth > element.clientWidth + 1;
            element.toggleAttribute('tabindex', scrolls);
            if (scrolls) {
                element.tabIndex = 0;
                element.setAttribute('role', 'group');
                element.setAttribute('aria-label', label);
            }
        };
        new ResizeObserver(update).observe(element);
    };

    function makeTablesScrollable() {
        for (const wrapper of document.querySelectorAll('main .table-wrapper, main pre > code')) {
            const caption = wrapper.querySelector('th')?.textContent ?? document.title;
            weft.makeScrollable(wrapper, caption);
        }
    }

    /** mdBook turns pages with the arrow keys; not while they scroll or choose something. */
    function keepArrowKeys() {
        document.querySelector('main').addEventListener('keydown', event => {
            const isArrow = event.key === 'ArrowLeft' || event.key === 'ArrowRight';
            if (isArrow && event.target.closest('.weft-card, [tabindex="0"]')) {
                event.stopPropagation();
            }
        });
    }

    function followMovedFragment() {
        const target = data.fragmentMap && JSON.parse(data.fragmentMap)[location.hash];
        if (target) {
            location.replace(new URL(target, location.href).href);
        }
    }

    /** Paper shows what the screen keeps folded. */
    function unfoldForPrint() {
        let opened = [];
        window.addEventListener('beforeprint', () => {
            opened = [...document.querySelectorAll('details.weft-table:not([open])')];
            opened.forEach(details => { details.open = true; });
        });
        window.addEventListener('afterprint', () => {
            opened.forEach(details => { details.open = false; });
        });
        if (weft.isPrint) {
            window.addEventListener('load', () => setTimeout(() => window.print(), 100));
        }
    }

    const session = weft.storage('sessionStorage');
    const scrollKey = 'weft-scroll:' + location.pathname;

    function reload() {
        session.set(scrollKey, String(window.scrollY));
        location.reload();
    }

    /** After a reload the reader stands where they stood. Called once the cards have their final height. */
    weft.restoreScroll = function restoreScroll() {
        const y = session.get(scrollKey);
        session.remove(scrollKey);
        if (y !== null) {
            requestAnimationFrame(() => window.scrollTo({ top: Number(y), behavior: 'instant' }));
        }
    };

    function reloadOnChange() {
        if (weft.isLive) {
            const events = new EventSource('/api/reload');
            events.addEventListener('reload', reload);
            window.addEventListener('pagehide', () => events.close());
        } else if (data.liveReload) {
            const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
            const socket = new WebSocket(`${scheme}//${location.host}/${data.liveReload}`);
            socket.addEventListener('message', event => {
                if (event.data === 'reload') {
                    reload();
                }
            });
            window.addEventListener('pagehide', () => socket.close());
        }
    }

    linkEditions();
    wireSidebarButton();
    makeTablesScrollable();
    keepArrowKeys();
    followMovedFragment();
    unfoldForPrint();
    reloadOnChange();
})(window.weft);
