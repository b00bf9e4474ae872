/* store/schema_post_sql.c - notices beyond the page: addresses, what waits to be sent, who was rung. See
 * schema_sql.c for the privacy classes. */
#include "store/schema_int.h"

/* clang-format off */
const char schema_v17_post[] =
    /* Where a person wants to be told, and of what. */
    "CREATE TABLE post_address("
    " id INTEGER PRIMARY KEY,"        /* tech */
    " owner TEXT NOT NULL,"           /* staff, pseudo: Practitioner id, or "Patient/ID", "RelatedPerson/ID" */
    " channel INTEGER NOT NULL,"      /* tech: enum notify_channel */
    " address TEXT NOT NULL,"         /* staff, clinical: e-mail, number, chat, address of a browser's push service */
    " keys TEXT NOT NULL,"            /* secret: the browser's keys, '' for other channels */
    " state INTEGER NOT NULL,"        /* tech: enum notify_state */
    " code INTEGER NOT NULL,"         /* secret: keyed hash of the code that confirms it, 0 none */
    " code_until_ms INTEGER NOT NULL," /* tech */
    " code_tries INTEGER NOT NULL,"   /* tech: codes typed wrong */
    " wants INTEGER NOT NULL,"       /* tech: bits of enum notice_group */
    " digest INTEGER NOT NULL,"       /* tech: hour of the day when they come together, -1 each at once */
    " duty INTEGER NOT NULL,"         /* tech: 1 only while on duty */
    " created_ms INTEGER NOT NULL,"   /* tech */
    " UNIQUE(owner, channel, address)) STRICT;"
    /* What waits to be sent, and what was given up. What was sent is gone. */
    "CREATE TABLE post("
    " id INTEGER PRIMARY KEY,"        /* tech */
    " address INTEGER NOT NULL,"      /* tech: row of post_address */
    " channel INTEGER NOT NULL,"      /* tech */
    " owner TEXT NOT NULL,"           /* staff, pseudo */
    " kind INTEGER NOT NULL,"         /* tech: row of care/notice.def */
    " subject TEXT NOT NULL,"         /* pseudo: id of what it is about; secret: the code of a message that brings one */
    " urgent INTEGER NOT NULL,"       /* tech: 1 goes before all others */
    " due_ms INTEGER NOT NULL,"       /* tech */
    " created_ms INTEGER NOT NULL,"   /* tech */
    " attempts INTEGER NOT NULL,"     /* tech */
    " state INTEGER NOT NULL,"        /* tech: 0 waits, 1 given up */
    " why INTEGER NOT NULL,"          /* tech: enum post_why of the last attempt */
    " status INTEGER NOT NULL"        /* tech: what the other side answered, 0 nothing */
    ") STRICT;"
    "CREATE INDEX post_due ON post(channel, urgent DESC, due_ms) WHERE state = 0;"
    "CREATE INDEX post_address_rows ON post(address);"
    "CREATE INDEX post_failed ON post(due_ms) WHERE state = 1;"
    "CREATE INDEX post_address_waits ON post_address(code_until_ms) WHERE state = 0;"
    /* Who was called to an emergency, one after another. */
    "CREATE TABLE ring("
    " case_id TEXT NOT NULL,"         /* pseudo: the case's ServiceRequest */
    " step INTEGER NOT NULL,"         /* tech: 1.. */
    " person TEXT NOT NULL,"          /* staff: Practitioner id */
    " at_ms INTEGER NOT NULL,"        /* tech */
    " ended_ms INTEGER NOT NULL,"     /* tech: 0 while it rings */
    " PRIMARY KEY(case_id, step, person)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX ring_person ON ring(person, at_ms) WHERE ended_ms = 0;"
    "CREATE INDEX ring_over ON ring(ended_ms) WHERE ended_ms > 0;";
/* clang-format on */
