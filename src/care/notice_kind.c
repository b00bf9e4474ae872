/* care/notice_kind.c - the texts of notices, from notice.def. */
#include "care/notice.h"

static const char *const texts[] = {
#define X(name, code, text) text,
#include "care/notice.def"

#undef X
};

const char *notice_text(unsigned kind)
{
    ASSERT(kind < NOTICE_COUNT);
    return texts[kind];
}
