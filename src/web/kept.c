/* web/kept.c - forms that came after the session had ended. See kept.h. */
#include "web/kept.h"

#include "base/text.h"
#include "web/tpl.h"

#define PREFIX "kept."

static bool is_secret(struct str name)
{
    return str_eq(name, S("csrf")) || str_find(name, S("password")) < name.n || name.n == 0;
}

/* What a browser says of where the form stood; proved: silence is not enough. */
static bool is_ours(struct http_req *h, bool proved)
{
    struct str site = http_header(h, "Sec-Fetch-Site");
    struct str origin = http_header(h, "Origin");
    if (site.p != NULL) {
        return str_eq(site, S("same-origin"));
    }
    return origin.p != NULL ? http_is_own_origin(h, origin) : !proved;
}

bool kept_has(struct http_req *h)
{
    struct str name;
    struct str value;
    bool forbidden = h->caller.kind != CALLER_NOBODY;
    return h->method == POST && http_header(h, "X-CSRF-Token").p == NULL && is_ours(h, forbidden)
           && str_eq(http_body_type(h), S("application/x-www-form-urlencoded"))
           && http_form_each(h, 0, &name, &value);
}

void kept_set(struct http_req *h, struct val *root)
{
    struct val *list = val_set_list(root, "kept");
    bool through = str_starts(h->path, S("/sign-in"));
    struct str name;
    struct str value;
    for (uint32_t i = 0; http_form_each(h, i, &name, &value); i++) {
        if (through && !str_starts(name, S(PREFIX))) {
            continue;
        }
        name = through ? str_sub(name, sizeof(PREFIX) - 1, name.n) : name;
        if (!is_secret(name)) {
            struct val *m = val_add_map(list);
            val_set_str(m, "name", name);
            val_set_str(m, "value", value);
        }
    }
}

enum err kept_page(struct http_req *h, unsigned status, struct str path, struct str csrf)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("What you typed is still here"), &root));
    kept_set(h, root);
    val_set_str(root, "path", path);
    val_set_str(root, "csrf", csrf);
    page_kind(root, "narrow");
    return page_reply_status(h, status, root, tpl_kept);
}
