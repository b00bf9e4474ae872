/* codec/html.h - text into HTML: the only way text of records reaches a page. */
#pragma once

#include "base/buf.h"

/* s as text of an element: & < > " ' become references, U+0000 becomes U+FFFD. The same bytes are
 * safe between quotes of an attribute. */
void html_text(struct buf *b, struct str s);
/* s as the value of an attribute, with the quotes: "..." */
void html_attr(struct buf *b, struct str s);
