// What makes the console quicker to use. Without it everything works the same.
'use strict';

// "/" goes to the search, unless somebody is writing.
document.addEventListener('keydown', (event) => {
  const target = event.target;
  const writing = target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
  if (event.key !== '/' || writing || event.ctrlKey || event.metaKey || event.altKey) return;
  const search = document.getElementById('search');
  if (search) {
    event.preventDefault();
    search.focus();
    search.select();
  }
});

// A form is sent once: the second click of two does nothing. The ledger would take it for the same event anyway.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.method !== 'post') return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = 'yes';
});

// Back from the cache of the browser a form may be sent again.
window.addEventListener('pageshow', (event) => {
  if (event.persisted) document.querySelectorAll('form[data-sent]').forEach((form) => delete form.dataset.sent);
});
