"""The formats, and the list that says which names belong to each: what is not in it is not read."""

from typing import Literal, TypeAlias, get_args

OfficeFormat: TypeAlias = Literal["docx", "pptx", "xlsx", "xls", "odt", "ods", "odp", "rtf", "epub"]
MailFormat: TypeAlias = Literal["email", "outlook"]
MarkupFormat: TypeAlias = Literal["markdown", "html", "rst", "xml"]
PlainFormat: TypeAlias = Literal["text", "csv", "json", "ndjson", "yaml"]
Format: TypeAlias = Literal["pdf", "code", PlainFormat, MarkupFormat, OfficeFormat, MailFormat]
MAILS: tuple[str, ...] = get_args(MailFormat)

_ENDINGS_OF: dict[Format, str] = {
    "text": ".txt .text .log .asc .org .adoc .asciidoc .tex .srt .vtt",
    "markdown": ".md .markdown .mdown .mkd",
    "html": ".html .htm .xhtml",
    "rst": ".rst .rest",
    "xml": ".xml .rss .atom .opml .dita .dbk .xlf .xliff .tmx .resx",
    "pdf": ".pdf",
    "docx": ".docx",
    "pptx": ".pptx .pptm",
    "xlsx": ".xlsx .xlsm",
    "xls": ".xls",
    "odt": ".odt",
    "ods": ".ods",
    "odp": ".odp",
    "rtf": ".rtf",
    "epub": ".epub",
    "csv": ".csv .tsv .tab",
    "json": ".json .geojson .webmanifest .ipynb",
    "ndjson": ".ndjson .jsonl",
    "yaml": ".yaml .yml",
    "email": ".eml",
    "outlook": ".msg",
}
# Source code, scripts and configuration: read by definition or section, as their own text.
CODE = {
    "python": ".py .pyi .pyw",
    "braces": (
        ".js .mjs .cjs .jsx .ts .tsx .mts .cts .java .kt .kts .scala .groovy .gradle .c .h .cc .cpp .cxx .hpp .hh"
        " .cs .go .rs .swift .dart .php .m .mm .proto .tf .hcl .graphql .thrift .sol .css .scss .less .zig"
    ),
    "words": ".rb .rake .lua .jl .ex .exs .erl .hs .ml .fs .vb .vbs .bas .pas .ada .f90 .r .pl .pm .nim .elm .clj",
    "shell": ".sh .bash .zsh .fish .ps1 .psm1 .bat .cmd .awk .sed",
    "sql": ".sql .ddl .pgsql",
    "sections": ".toml .ini .cfg .conf .properties .desktop .service .editorconfig",
    "make": ".mk .cmake .dockerfile .ninja",
    "schemas": ".xsl .xslt .xsd .wsdl .dtd .rng .vue .svelte .jinja .j2 .tmpl .diff .patch .pot .po",
}
# Files that are known by their whole name, in lower case and without an ending.
_TEXTS = "readme license licence copying notice changelog changes authors contributing install todo news"
_SCRIPTS = "makefile gnumakefile dockerfile containerfile jenkinsfile vagrantfile rakefile gemfile procfile justfile"
_MAKE_NAMES = frozenset((*_SCRIPTS.split(), "codeowners"))

ENDINGS: dict[str, Format] = {
    **{ending: "code" for endings in CODE.values() for ending in endings.split()},
    **{ending: kind for kind, endings in _ENDINGS_OF.items() for ending in endings.split()},
}
NAMES: dict[str, Format] = {**dict.fromkeys(_TEXTS.split(), "text"), **dict.fromkeys(_MAKE_NAMES, "code")}
FAMILY_OF: dict[str, str] = {
    **{ending: family for family, endings in CODE.items() for ending in endings.split()},
    **dict.fromkeys(_MAKE_NAMES, "make"),
}
# Well known formats that are not read, and what to do about it.
ADVICE = {
    **dict.fromkeys((".doc", ".docm", ".dot", ".dotx", ".dotm"), "save it as .docx"),
    **dict.fromkeys((".ppt", ".pps", ".ppsx", ".pot", ".potx"), "save it as .pptx"),
    **dict.fromkeys((".xlsb", ".xlt", ".xltx", ".xltm"), "save it as .xlsx"),
    ".pages": "export it as PDF or DOCX",
    ".numbers": "export it as XLSX",
    ".key": "export it as PDF or PPTX",
    **dict.fromkeys((".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar"), "unpack it beside the others"),
    **dict.fromkeys((".mbox", ".pst", ".ost"), "export its mails as .eml or .msg"),
}
KNOWN = (
    "Markdown, reStructuredText, text, HTML, XML, JSON, YAML, CSV, TSV, PDF, DOCX, PPTX, XLSX, XLS, ODT, ODS, ODP, "
    "RTF, EPUB, e-mail (EML, MSG) and source code can"
)
