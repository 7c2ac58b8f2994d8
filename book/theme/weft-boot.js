// Runs in <head>, before anything is painted: the globals that mdBook's own scripts read, and the theme.
// mdBook puts these into inline scripts; the page's Content-Security-Policy allows none.
'use strict';

const weft_page = document.documentElement.dataset;
const path_to_root = weft_page.pathToRoot;
const default_light_theme = weft_page.lightTheme;
const default_dark_theme = weft_page.darkTheme;
const default_theme = window.matchMedia('(prefers-color-scheme: dark)').matches
    ? default_dark_theme
    : default_light_theme;

if (weft_page.searchindex) {
    window.path_to_searchindex_js = weft_page.searchindex;
}
if (weft_page.playgroundLineNumbers) {
    window.playground_line_numbers = true;
}
if (weft_page.playgroundCopyable) {
    window.playground_copyable = true;
}

(function setTheme() {
    let theme = null;
    try {
        // Some old versions of mdBook stored the name within quotation marks.
        theme = localStorage.getItem('mdbook-theme')?.replace(/^"(.*)"$/, '$1') ?? null;
    } catch {
        // Without storage the default stands.
    }
    const classes = document.documentElement.classList;
    classes.remove(default_light_theme);
    classes.add(theme ?? default_theme, 'js');
})();
