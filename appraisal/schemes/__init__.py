"""Schemes (考核方案): the rules of an appraisal as a versioned document, and the pure engine that applies them."""
