/* care/notice_kind.c - the codes and texts of notices, from notice.def. */
#include "care/notice.h"

static const char *const codes[] = {
#define X(name, code, text) code,
#include "care/notice.def"

#undef X
};

static const char *const texts[] = {
#define X(name, code, text) text,
#include "care/notice.def"

#undef X
};

const char *notice_code(unsigned kind)
{
    ASSERT(kind < NOTICE_COUNT);
    return codes[kind];
}

const char *notice_text(unsigned kind)
{
    ASSERT(kind < NOTICE_COUNT);
    return texts[kind];
}
