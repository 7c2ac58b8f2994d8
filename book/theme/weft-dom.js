// Small helpers for making and showing elements.
'use strict';

window.weft = window.weft ?? {};

(function dom(weft) {
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

    weft.dom = { make, button, show };
})(window.weft);
