/* web/settings.c - every setting the program runs with, for its administrators: what it is, its value,
 * where that came from, its default. Of a secret only whether it is set. */
#include "web/pages.h"

#include "base/text.h"
#include "web/page.h"
#include "web/tpl.h"
#include "web/web.h"

static struct str from_words(struct http_req *h, const struct web_setting *s)
{
    struct buf line;
    buf_init(&line, h->rq.a, 16);
    buf_u64(&line, s->line);
    const struct text_arg args[] = {{S("line"), buf_get(&line)}};
    switch (s->from) {
    case SETTING_DEFAULT: break;
    case SETTING_FILE: return page_text(h, T("file, line {line}"), args, LEN(args));
    case SETTING_ENVIRONMENT: return tr(h->rq.lang, T("environment"));
    case SETTING_FLAG: return tr(h->rq.lang, T("command line"));
    }
    return tr(h->rq.lang, T("default"));
}

static void set_one(struct http_req *h, struct val *m, const struct web_setting *s)
{
    val_set_str(m, "key", s->key);
    val_set_str(m, "help", tr(h->rq.lang, s->help.p));
    val_set_str(m, "unit", s->unit);
    val_set_str(m, "value", s->value);
    val_set_str(m, "def", s->def);
    val_set_str(m, "from", from_words(h, s));
    val_set_bool(m, "set", s->is_set);
    val_set_bool(m, "secret", s->is_secret);
}

enum err web_system_settings(struct http_req *h)
{
    const struct web *web = web_of(&h->rq);
    struct val *root = NULL;
    TRY(page_begin(h, T("Settings"), &root));
    struct val *made = val_set_list(root, "made");
    struct val *left = val_set_list(root, "left");
    for (size_t i = 0; i < web->n_settings; i++) {
        const struct web_setting *s = &web->settings[i];
        set_one(h, val_add_map(s->from == SETTING_DEFAULT ? left : made), s);
    }
    val_set_str(root, "file", web->settings_file);
    return page_reply(h, root, tpl_system_settings);
}
