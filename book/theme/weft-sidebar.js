// Runs right after the sidebar's checkbox and before the sidebar, so that the sidebar does not flash.
'use strict';

(function showOrHideSidebar() {
    let wanted = 'hidden';
    if (document.body.clientWidth >= 1080) {
        wanted = 'visible';
        try {
            wanted = localStorage.getItem('mdbook-sidebar')?.replace(/^"(.*)"$/, '$1') ?? wanted;
        } catch {
            // Without storage a wide window shows it.
        }
    }
    document.getElementById('mdbook-sidebar-toggle-anchor').checked = wanted === 'visible';
    document.documentElement.classList.toggle('sidebar-visible', wanted === 'visible');
})();
