/* web/view.h - writing one page: what compiled templates call, and what a handler sets up.
 *
 * A handler fills a struct view, builds a map of values and calls tpl_NAME(&view, map) (web/tpl.h,
 * written by tools/templates.mjs). Every value is escaped for the place it stands in; the compiler of
 * the templates chooses how and refuses places where nothing would be safe.
 */
#pragma once

#include "base/buf.h"
#include "base/req.h"
#include "base/zone.h"
#include "web/val.h"

/* A name that a template sees: a loop variable or an argument of an include. */
struct view_frame {
    const struct view_frame *prev;
    struct str name;
    struct val value;
    const struct val_item *item; /* loops: the present element */
    uint32_t index;              /* loops: 1 for the first turn, else 0 */
    uint32_t count;              /* loops: turns in all */
};

struct view {
    struct req *rq;    /* failures are noted here; its arena holds what formatting needs */
    struct buf *out;   /* the page */
    enum lang lang;
    const struct zone *zone; /* of the reader's clock */
    struct instant now; /* what "in 5 min" and ages are counted from */
    /* The address of a built file, as "/static/app-1a2b3c4d.css" for "app.css"; absent: the name. */
    struct str (*asset)(const struct req *rq, struct str name);

    const struct val *root;         /* inner */
    const struct view_frame *scope; /* inner */
    bool failed;                    /* inner: a value it looked at had outgrown the arena */
};

/* For a handler: language and time from rq, local time of zone, page into out. */
void view_init(struct view *v, struct req *rq, struct buf *out, const struct zone *zone);

/* Writes a template into a value of its own, which another template puts in as it is: the only way
 * for HTML to become a value. cap: most bytes. */
typedef enum err (*view_tpl_fn)(struct view *v, const struct val *root);
MUST_USE enum err view_render(struct view *v, view_tpl_fn tpl, const struct val *root, size_t cap,
                              struct val *ret_html);

/* The rest is for compiled templates. */

enum view_ctx {
    VIEW_TEXT,     /* between tags */
    VIEW_ATTR,     /* in a quoted attribute */
    VIEW_URL,      /* a whole URL in a quoted attribute: relative, http, https, mailto or tel */
    VIEW_URL_PART, /* one segment or query value inside a URL in a quoted attribute */
    VIEW_TEL,      /* the number behind tel: in a quoted attribute */
};

enum view_format {
    FORMAT_DATE,     /* 22 ноя 2026; of an instant or a FHIR date, also a partial one */
    FORMAT_TIME,     /* 14:02 */
    FORMAT_DATETIME, /* 22 ноя 2026, 14:02 */
    FORMAT_ISO,      /* 2026-11-22T09:02:00.000Z, for machines */
    FORMAT_AGE,      /* 54 года; of a FHIR date of birth, months and days for the small */
    FORMAT_NUM,      /* 12 345 */
    FORMAT_SIZE,     /* 1,4 МБ; of bytes */
    FORMAT_DUR,      /* 1 ч 40 мин; of milliseconds, without sign */
    FORMAT_REL,      /* через 5 мин, 5 мин назад; of an instant */
    FORMAT_LEN,      /* how many elements */
};

struct view_arg {
    struct str name;
    struct val value;
};

void view_begin(struct view *v, const struct val *root);
MUST_USE enum err view_end(struct view *v);
/* The value at a path, absent when any step is: names in scope first, then members of the root. In
 * a loop: loop.index from 1, loop.count, loop.first, loop.last. */
struct val view_get(struct view *v, struct str path);
struct val view_format(struct view *v, enum view_format f, struct val x);
struct val view_asset(struct view *v, struct val name);
void view_put(struct view *v, enum view_ctx ctx, struct val x);
/* A translated text with its {name}s replaced, all of it escaped. */
void view_text(struct view *v, enum view_ctx ctx, struct str text, const struct view_arg *args,
               size_t n_args);
/* The form for a number; {n} is the number. */
void view_count(struct view *v, enum view_ctx ctx, struct val n, const char *one, const char *other,
                const struct view_arg *args, size_t n_args);
void view_each(struct view *v, struct view_frame *f, struct val list);
bool view_has(struct view *v, struct view_frame *f);
void view_next(struct view_frame *f);
