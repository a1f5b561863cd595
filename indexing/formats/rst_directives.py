"""Sphinx's directives, for docutils alone: their content is text like any other."""

from functools import cache

from docutils import nodes
from docutils.parsers.rst import Directive, directives

_TEXTS = """
    versionadded versionchanged deprecated versionremoved seealso rubric centered hlist glossary only tabs tab
    describe object function class method attribute data exception decorator module py:function py:class py:method
    py:attribute py:data py:exception py:module py:property c:function c:type c:macro c:member c:var c:struct
    option program envvar confval productionlist deprecated-removed impl-detail audit-event availability
    grid grid-item grid-item-card card dropdown tab-set tab-item details toggle canonical-doc banner
    """
_CODES = "code-block sourcecode highlight-block prompt doctest testcode testsetup testoutput mermaid graphviz"
_SILENT = (
    "toctree literalinclude highlight currentmodule index automodule autoclass autofunction contents tabularcolumns"
)


class _Text(Directive):  # type: ignore[misc]  # docutils has no types
    """Its argument is no text of a reader's; its content is."""

    optional_arguments, final_argument_whitespace, has_content = 1, True, True
    option_spec = None

    def run(self) -> list[nodes.Node]:
        container = nodes.container()
        for said in (each.partition("\n")[2].strip() for each in self.arguments):
            container += nodes.paragraph(said, said) if said else []  # it begins on the line below the argument
        self.state.nested_parse(self.content, self.content_offset, container)
        return list(container.children)


class _Code(_Text):
    def run(self) -> list[nodes.Node]:
        source = "\n".join(self.content)
        return [nodes.literal_block(source, source)] if source else []


class _Silent(_Text):
    def run(self) -> list[nodes.Node]:
        return []


@cache
def allow_sphinx() -> None:
    """Teach docutils the directives, once for a process."""
    for names, kind in ((_TEXTS, _Text), (_CODES, _Code), (_SILENT, _Silent)):
        for name in names.split():
            directives.register_directive(name, kind)
