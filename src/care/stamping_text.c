/* care/stamping_text.c - the time stamp of a signature in words, for papers. See stamping.h. */
#include "care/stamping.h"

#include "base/text.h"
#include "care/sign_doc.h"

static void why_write(struct buf *b, enum lang lang, const char *text, enum stamp_why why)
{
    buf_str(b, tr(lang, text));
    if (why != STAMP_GOOD) {
        buf_char(b, ' ');
        buf_str(b, tr(lang, stamp_why_text(why)));
    }
}

void stamping_write(struct buf *b, enum lang lang, const struct stamping *s, int offset_min)
{
    switch (s->state) {
    case STAMPING_NONE: return;
    case STAMPING_WAITS: why_write(b, lang, T("not come yet."), s->why); return;
    case STAMPING_HOLDS:
        buf_str(b, s->by);
        BUF_LIT(b, ", ");
        sign_time_write(b, s->at, offset_min);
        BUF_LIT(b, ", ");
        buf_str(b, tr(lang, T("checked: it holds")));
        return;
    case STAMPING_BAD: why_write(b, lang, T("checked: it does not hold."), s->why); return;
    case STAMPING_NEVER: why_write(b, lang, T("there will be none."), s->why); return;
    }
}
