/* care/notice_kind.c - the rows of notice.def. */
#include "care/notice.h"

#include "base/text.h"

static const struct {
    const char *text, *path;
    enum notice_group group;
} kinds[] = {
#define X(name, code, group, path, text) {text, path, NOTICES_##group},
#include "care/notice.def"

#undef X
};

static const char *const groups[NOTICES_COUNT] = {
    [NOTICES_CASE] = T("Requests and conclusions"),
    [NOTICES_MESSAGE] = T("Messages"),
    [NOTICES_CLOCK] = T("Times that run out"),
    [NOTICES_VISIT] = T("Visits"),
    [NOTICES_CONSILIUM] = T("Consilia"),
    [NOTICES_ACCESS] = T("Access to records"),
    [NOTICES_EMERGENCY] = T("Emergency calls"),
    [NOTICES_TEST] = T("Test messages"),
    [NOTICES_ACCOUNT] = T("Signing in"),
};

const char *notice_text(unsigned kind)
{
    ASSERT(kind < NOTICE_COUNT);
    return kinds[kind].text;
}

const char *notice_path(unsigned kind)
{
    ASSERT(kind < NOTICE_COUNT);
    return kinds[kind].path;
}

enum notice_group notice_group(unsigned kind)
{
    ASSERT(kind < NOTICE_COUNT);
    return kinds[kind].group;
}

const char *notice_group_title(enum notice_group group)
{
    return groups[group];
}
