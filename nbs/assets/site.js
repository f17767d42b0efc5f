// Names that the theme leaves out, for readers who do not see the page.
document.querySelector('.md-search')?.setAttribute('aria-label', 'Search');
