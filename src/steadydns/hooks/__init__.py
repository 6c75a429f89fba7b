"""Where calls come in: one file for each library whose lookups are redirected, each undone alone.

A hook has a NAME, a TARGET (the module that must be imported for it) and install(resolver), which returns the call
that undoes it. Where TARGET is several modules, install(resolver, target) is called for each that is imported. Hooks import the resolver and the library they patch, nothing else of steadydns.
"""
