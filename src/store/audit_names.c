/* store/audit_names.c - the words of audit.def, why.def and the faults. See audit.h. */
#include "store/audit.h"

static const char *const actions[] = {
#define X(id, name) name,
#include "store/audit.def"
#undef X
};

static const char *const whys[] = {
#define X(id, name) name,
#include "store/why.def"
#undef X
};

const char *audit_action_name(enum audit_action a)
{
    return a < AUDIT_ACTION_COUNT ? actions[a] : "unknown";
}

const char *audit_why_name(enum audit_why w)
{
    return w < AUDIT_WHY_COUNT ? whys[w] : "unknown";
}

const char *audit_fault_text(enum audit_fault f)
{
    switch (f) {
    case AUDIT_HOLDS: return "the chain holds";
    case AUDIT_ALTERED: return "a record was altered or moved";
    case AUDIT_REMOVED: return "a record was removed";
    case AUDIT_CUT: return "records were removed at the end";
    case AUDIT_TX_BROKEN: return "the chain of transactions is broken";
    case AUDIT_HEAD_BAD: return "the signed head is missing or does not verify";
    }
    return "unknown";
}
