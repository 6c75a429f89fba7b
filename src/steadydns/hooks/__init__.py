"""Where calls come in: one file for each library whose lookups are redirected, each undone alone.

A hook is a module with install(resolver), which returns the call that undoes it; `registry.TARGETS` says for which
modules. It is loaded when one of them is there. Where they are several, install(resolver, target) is called for each that
is imported. Hooks import the resolver and the library they patch, nothing else of steadydns.
"""
