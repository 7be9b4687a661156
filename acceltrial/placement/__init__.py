"""A placement as the files that other systems run: proxies, routers, clusters and clouds.

Renderers are pure: the same placement gives the same bytes. Nothing from a portfolio reaches a file unless it
was accepted by `acceltrial.placement.safe`.
"""
