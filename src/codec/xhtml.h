/* codec/xhtml.h - the XHTML a FHIR narrative may hold (R4 narrative.html): basic formatting, lists,
 * tables, links and images; no scripts, forms, frames or event attributes. Nothing is built: the
 * text is walked once. */
#pragma once

#include "base/str.h"

enum { XHTML_DEPTH_MAX = 128 };

enum xhtml_fault {
    XHTML_OK,
    XHTML_FORM,      /* not well-formed XML, an unknown entity, too deep */
    XHTML_ROOT,      /* not one div */
    XHTML_ELEMENT,   /* an element that may not stand there */
    XHTML_ATTRIBUTE, /* an attribute that may not stand there, or an address that runs a script */
    XHTML_EMPTY,     /* neither text nor image */
};

/* One attribute: element, name, value as written. False ends the walk. */
typedef bool (*xhtml_attr_fn)(struct str element, struct str name, struct str value, void *ctx);

/* Holds a text to the rules. each may be NULL.
 * borrows text for the calls; *ret_where is the element or attribute at fault */
enum xhtml_fault xhtml_check(struct str text, xhtml_attr_fn each, void *ctx,
                             struct str *ret_where);
