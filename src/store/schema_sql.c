/* store/schema_sql.c - the database's shape, as numbered migrations.
 *
 * Each column names its privacy class:
 *   tech      numbers of our own, times, sizes
 *   staff     about people who work: ids, logins
 *   pseudo    an id of or a keyed hash about a patient; means nothing without the resources
 *   clinical  content of records
 *   secret    keys, password hashes
 * A migration is never edited after a release; a change of shape is a new row.
 */
#include "store/schema_int.h"
#include "store/store.h"

/* clang-format off */
static const char v1_resources[] =
    /* One row per resource; also a bare one (version 0) for one that is only referred to. */
    "CREATE TABLE res("
    " rid INTEGER PRIMARY KEY,"      /* tech: never reused */
    " type INTEGER NOT NULL,"        /* tech: enum fhir_type */
    " id TEXT NOT NULL,"             /* pseudo: FHIR id */
    " vid INTEGER NOT NULL,"         /* tech: current version's row in ver, 0 for a bare row */
    " version INTEGER NOT NULL,"     /* tech: 1.., 0 for a bare row */
    " updated_ms INTEGER NOT NULL,"  /* tech: meta.lastUpdated */
    " deleted INTEGER NOT NULL,"     /* tech: 0 or 1 */
    " at_ms INTEGER NOT NULL,"       /* clinical: principal date */
    " anchor INTEGER NOT NULL,"      /* pseudo: rid of case or patient; 0 directory, -1 system */
    " patient INTEGER NOT NULL,"     /* pseudo: rid of the patient, 0 none */
    " footprint BLOB NOT NULL"       /* clinical: index tuples of the current version */
    ") STRICT;"
    "CREATE UNIQUE INDEX res_id ON res(id, type);"
    /* All versions of all resources; append only; vid order is the change feed. */
    "CREATE TABLE ver("
    " vid INTEGER PRIMARY KEY,"      /* tech */
    " rid INTEGER NOT NULL,"         /* tech */
    " type INTEGER NOT NULL,"        /* tech */
    " version INTEGER NOT NULL,"     /* tech */
    " prev INTEGER NOT NULL,"        /* tech: vid of the version before, 0 for the first */
    " tx INTEGER NOT NULL,"          /* tech: transaction that wrote it */
    " op INTEGER NOT NULL,"          /* tech: 1 create, 2 update, 3 delete */
    " updated_ms INTEGER NOT NULL,"  /* tech */
    " codec INTEGER NOT NULL,"       /* tech: 0 = the bytes themselves, 1 zstd, else dict.id */
    " body BLOB NOT NULL"            /* clinical: minified JSON without id, versionId, lastUpdated */
    ") STRICT;"
    /* One row per transaction that wrote versions, and one per batch that wrote only audit. */
    "CREATE TABLE tx("
    " seq INTEGER PRIMARY KEY,"      /* tech */
    " at_ms INTEGER NOT NULL,"       /* tech */
    " src INTEGER NOT NULL,"         /* staff: audit_src of who wrote, 0: several */
    " request INTEGER NOT NULL,"     /* tech: id of the request in this run of the program */
    " n INTEGER NOT NULL,"           /* tech: versions written */
    " first_vid INTEGER NOT NULL,"   /* tech: the first of them */
    " audit_seq INTEGER NOT NULL,"   /* tech: last audit record at its end */
    " audit_head BLOB NOT NULL,"     /* tech: hash of that record */
    " hash BLOB NOT NULL"            /* tech: chain, see chain.c */
    ") STRICT;"
    /* Posting lists: value first, then (at, rid). */
    "CREATE TABLE ix_of(owner INTEGER NOT NULL,"    /* pseudo: anchor or patient rid; 0: all */
    " type INTEGER NOT NULL, at INTEGER NOT NULL, rid INTEGER NOT NULL,"
    " PRIMARY KEY(owner, type, at, rid)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE ix_token(sp INTEGER NOT NULL,"    /* tech: search parameter of a type */
    " hash INTEGER NOT NULL,"                       /* pseudo: keyed hash of the code or uri */
    " sys INTEGER NOT NULL,"                        /* tech: keyed hash of the system, 0 none */
    " at INTEGER NOT NULL, rid INTEGER NOT NULL,"
    " PRIMARY KEY(sp, hash, sys, at, rid)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE ix_ref(sp INTEGER NOT NULL,"
    " target INTEGER NOT NULL,"                     /* pseudo: rid, or -(hash of a URL) */
    " at INTEGER NOT NULL, rid INTEGER NOT NULL,"
    " PRIMARY KEY(sp, target, at, rid)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE ix_date(sp INTEGER NOT NULL,"
    " lo INTEGER NOT NULL, hi INTEGER NOT NULL,"    /* clinical: half-open span, ms */
    " rid INTEGER NOT NULL,"
    " PRIMARY KEY(sp, lo, hi, rid)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE ix_string(sp INTEGER NOT NULL,"
    " key BLOB NOT NULL,"                           /* clinical: folded text, at most 64 bytes */
    " at INTEGER NOT NULL, rid INTEGER NOT NULL,"
    " PRIMARY KEY(sp, key, at, rid)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE ix_quantity(sp INTEGER NOT NULL,"
    " unit INTEGER NOT NULL,"                       /* tech: keyed hash of the unit, 0 a number */
    " value REAL NOT NULL,"                         /* clinical: index key only */
    " at INTEGER NOT NULL, rid INTEGER NOT NULL,"
    " PRIMARY KEY(sp, unit, value, at, rid)) STRICT, WITHOUT ROWID;"
    /* Who may see what hangs on an anchor. */
    "CREATE TABLE team(anchor INTEGER NOT NULL,"    /* pseudo */
    " principal INTEGER NOT NULL,"                  /* staff: keyed hash of person, role or service */
    " at INTEGER NOT NULL,"                         /* clinical: the anchor's at_ms */
    " PRIMARY KEY(anchor, principal)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX team_of ON team(principal, at, anchor);";

static const char v1_audit[] =
    /* Who, in which role, from where: named once, pointed to by the records. */
    "CREATE TABLE audit_src("
    " src INTEGER PRIMARY KEY,"      /* tech */
    " actor TEXT NOT NULL,"          /* staff: person id */
    " login TEXT NOT NULL,"          /* staff */
    " role TEXT NOT NULL,"           /* staff */
    " org TEXT NOT NULL,"            /* staff */
    " peer TEXT NOT NULL,"           /* staff: address */
    " UNIQUE(actor, login, role, org, peer)) STRICT;"
    "CREATE TABLE audit("
    " seq INTEGER PRIMARY KEY,"      /* tech: without gaps */
    " at_ms INTEGER NOT NULL,"       /* tech */
    " src INTEGER NOT NULL,"         /* staff */
    " action INTEGER NOT NULL,"      /* tech: enum audit_action */
    " why INTEGER NOT NULL,"         /* tech: enum audit_why */
    " outcome TEXT NOT NULL,"        /* tech: name of enum err, '' for OK */
    " type INTEGER NOT NULL,"        /* tech */
    " id TEXT NOT NULL,"             /* pseudo: FHIR id of what was touched */
    " patient INTEGER NOT NULL,"     /* pseudo: rid, 0 none */
    " case_rid INTEGER NOT NULL,"    /* pseudo: rid, 0 none */
    " patient_prev INTEGER NOT NULL,"/* tech: the record before about the same patient, 0 none */
    " case_prev INTEGER NOT NULL,"   /* tech: the record before about the same case, 0 none */
    " request INTEGER NOT NULL,"     /* tech */
    " detail TEXT NOT NULL,"         /* tech: parameter names, counts */
    " hash BLOB NOT NULL"            /* tech: SHA-256 chain, see chain.c */
    ") STRICT;"
    /* Who looked at this case or patient: the newest record; the others follow by the prev links.
     * Measured: an index (rid, seq) makes the sync of a batch of reads five times as long. */
    "CREATE TABLE audit_last("
    " rid INTEGER PRIMARY KEY,"      /* pseudo */
    " seq INTEGER NOT NULL"          /* tech */
    ") STRICT;";

static const char v1_people[] =
    "CREATE TABLE account("
    " id INTEGER PRIMARY KEY,"                /* staff */
    " login TEXT NOT NULL UNIQUE COLLATE NOCASE," /* staff */
    " person TEXT NOT NULL,"                  /* staff: Practitioner id */
    " hash TEXT NOT NULL,"                    /* secret: Argon2id, libsodium's text form */
    " state INTEGER NOT NULL,"                /* tech: 0 active, 1 must change password, 2 closed */
    " failures INTEGER NOT NULL,"             /* tech: wrong passwords since the last right one */
    " locked_until_ms INTEGER NOT NULL,"      /* tech: 0 not locked */
    " lang INTEGER NOT NULL,"                 /* staff: enum lang */
    " password_ms INTEGER NOT NULL,"          /* tech: when the password was set */
    " created_ms INTEGER NOT NULL"            /* tech */
    ") STRICT;"
    "CREATE INDEX account_person ON account(person);"
    "CREATE TABLE session("
    " hash BLOB PRIMARY KEY,"                 /* secret: SHA-256 of the cookie's value */
    " account INTEGER NOT NULL,"              /* staff */
    " role TEXT NOT NULL,"                    /* staff: PractitionerRole id acted in, '' not chosen */
    " csrf TEXT NOT NULL,"                    /* secret: form token */
    " created_ms INTEGER NOT NULL,"           /* tech */
    " seen_ms INTEGER NOT NULL,"              /* tech */
    " expires_ms INTEGER NOT NULL"            /* tech */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX session_account ON session(account, created_ms);"
    "CREATE INDEX session_expires ON session(expires_ms);"
    "CREATE TABLE token("
    " id INTEGER PRIMARY KEY,"                /* tech */
    " hash BLOB NOT NULL UNIQUE,"             /* secret: SHA-256 of the token */
    " account INTEGER NOT NULL,"              /* staff */
    " role TEXT NOT NULL,"                    /* staff: PractitionerRole id it acts in, '' none */
    " name TEXT NOT NULL,"                    /* staff: the owner's words */
    " scopes TEXT NOT NULL,"                  /* tech: SMART scopes, blanks between */
    " created_ms INTEGER NOT NULL,"           /* tech */
    " used_day INTEGER NOT NULL,"             /* tech: days since 1970, 0 never */
    " expires_ms INTEGER NOT NULL,"           /* tech: 0 never */
    " revoked_ms INTEGER NOT NULL"            /* tech: 0 valid */
    ") STRICT;"
    "CREATE INDEX token_account ON token(account, created_ms);"
    "CREATE TABLE once("
    " person TEXT NOT NULL,"                  /* staff */
    " key TEXT NOT NULL,"                     /* tech: idempotency key of a form or call */
    " at_ms INTEGER NOT NULL,"                /* tech */
    " result TEXT NOT NULL,"                  /* pseudo: where the first answer pointed */
    " PRIMARY KEY(person, key)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX once_at ON once(at_ms);"
    "CREATE TABLE key_box("
    " serial TEXT PRIMARY KEY,"               /* staff: certificate serial, hex */
    " person TEXT NOT NULL,"                  /* staff */
    " cert TEXT NOT NULL,"                    /* staff: PEM */
    " sealed BLOB NOT NULL,"                  /* secret: key sealed by the person's password */
    " state INTEGER NOT NULL,"                /* tech: 0 valid, 1 replaced, 2 revoked */
    " created_ms INTEGER NOT NULL,"           /* tech */
    " ended_ms INTEGER NOT NULL"              /* tech: 0 while valid */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX key_person ON key_box(person, state, created_ms);"
    "CREATE TABLE setting("
    " key TEXT PRIMARY KEY,"                  /* tech */
    " value BLOB NOT NULL"                    /* secret: among others the hash key */
    ") STRICT, WITHOUT ROWID;";

static const char v1_work[] =
    "CREATE TABLE draft("
    " person TEXT NOT NULL,"                  /* staff: whose draft */
    " key TEXT NOT NULL,"                     /* pseudo: case id or draft id, and form */
    " kind TEXT NOT NULL,"                    /* tech: request, conclusion, message ... */
    " body TEXT NOT NULL,"                    /* clinical: JSON */
    " saved_ms INTEGER NOT NULL,"             /* tech */
    " version INTEGER NOT NULL,"              /* tech: 1.. */
    " PRIMARY KEY(person, key)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX draft_saved ON draft(person, saved_ms);"
    "CREATE INDEX draft_old ON draft(saved_ms);"
    "CREATE TABLE upload("
    " id TEXT PRIMARY KEY,"                   /* tech */
    " owner TEXT NOT NULL,"                   /* staff: person id */
    " case_id TEXT NOT NULL,"                 /* pseudo: case or draft id */
    " name TEXT NOT NULL,"                    /* clinical: file name as given */
    " type TEXT NOT NULL,"                    /* tech: media type, by content once complete */
    " size INTEGER NOT NULL,"                 /* tech: announced bytes */
    " offset INTEGER NOT NULL,"               /* tech: bytes durable in the part file */
    " state INTEGER NOT NULL,"                /* tech: 0 receiving, 1 complete, 2 refused, 3 used, 4 filed */
    " sha_state BLOB,"                        /* tech: running SHA-256 at offset (struct sha) */
    " sha BLOB,"                              /* tech: name of the blob when complete */
    " created_ms INTEGER NOT NULL,"           /* tech */
    " expires_ms INTEGER NOT NULL,"           /* tech */
    " meta TEXT NOT NULL"                     /* clinical: tus metadata, or findings about the file */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX upload_case ON upload(case_id, created_ms);"
    "CREATE INDEX upload_expires ON upload(expires_ms) WHERE state <> 3;"
    "CREATE TABLE blob("
    " sha BLOB PRIMARY KEY,"                  /* tech */
    " size INTEGER NOT NULL,"                 /* tech */
    " type TEXT NOT NULL,"                    /* tech: media type by content */
    " refs INTEGER NOT NULL,"                 /* tech: uses */
    " created_ms INTEGER NOT NULL"            /* tech */
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE notice("
    " seq INTEGER PRIMARY KEY,"               /* tech */
    " person TEXT NOT NULL,"                  /* staff: to whom */
    " at_ms INTEGER NOT NULL,"                /* tech */
    " kind INTEGER NOT NULL,"                 /* tech: row of care/notice.def */
    " case_id TEXT NOT NULL,"                 /* pseudo */
    " read_ms INTEGER NOT NULL"               /* tech: 0 unread */
    ") STRICT;"
    "CREATE INDEX notice_person ON notice(person, seq);"
    "CREATE INDEX notice_unread ON notice(person) WHERE read_ms = 0;"
    "CREATE TABLE job("
    " id INTEGER PRIMARY KEY,"                /* tech */
    " kind INTEGER NOT NULL,"                 /* tech: row of the jobs table */
    " key TEXT NOT NULL,"                     /* pseudo: what it is about; one job per kind and key */
    " due_ms INTEGER NOT NULL,"               /* tech */
    " arg TEXT NOT NULL,"                     /* pseudo: ids */
    " attempts INTEGER NOT NULL,"             /* tech */
    " state INTEGER NOT NULL,"                /* tech: 0 waiting, 1 claimed, 2 given up */
    " UNIQUE(kind, key)) STRICT;"
    "CREATE INDEX job_due ON job(due_ms, id) WHERE state = 0;";

static const char v1_flow[] =
    /* The worklists: one row per case, written with each move. */
    "CREATE TABLE flow_row("
    " case_rid INTEGER PRIMARY KEY,"          /* pseudo: rid of the ServiceRequest */
    " case_id TEXT NOT NULL UNIQUE,"          /* pseudo */
    " flow TEXT NOT NULL,"                    /* tech: name of the workflow */
    " state INTEGER NOT NULL,"                /* tech: index into its states */
    " turn INTEGER NOT NULL,"                 /* tech: whose turn, enum care_turn */
    " open INTEGER NOT NULL,"                 /* tech: 0 once nothing more is expected */
    " urgency INTEGER NOT NULL,"              /* clinical: 0 emergency, 1 urgent, 2 planned */
    " profile TEXT NOT NULL,"                 /* clinical: cardiology ... */
    " mode TEXT NOT NULL,"                    /* tech: written, video */
    " patient_rid INTEGER NOT NULL,"          /* pseudo */
    " patient_id TEXT NOT NULL,"              /* pseudo */
    " asker_org TEXT NOT NULL,"               /* staff: Organization id */
    " asker TEXT NOT NULL,"                   /* staff: Practitioner id */
    " centre_org TEXT NOT NULL,"              /* staff: whose coordinators route it */
    " service TEXT NOT NULL,"                 /* staff: HealthcareService id */
    " answer_org TEXT NOT NULL,"              /* staff: Organization id of the service */
    " consultant TEXT NOT NULL,"              /* staff: Practitioner id, '' not yet */
    " clock INTEGER NOT NULL,"                /* tech: promise that runs, enum care_clock */
    " due_ms INTEGER NOT NULL,"               /* tech: its end; INT64_MAX: none runs */
    " accept_due_ms INTEGER NOT NULL,"        /* tech: 0 none */
    " answer_due_ms INTEGER NOT NULL,"        /* tech: 0 none */
    " paused_since_ms INTEGER NOT NULL,"      /* tech: 0 running */
    " paused_total_ms INTEGER NOT NULL,"      /* tech */
    " level INTEGER NOT NULL,"                /* tech: 0, 1 reminded, 2 overdue, 3 escalated */
    " created_ms INTEGER NOT NULL,"           /* tech: these: 0 not yet */
    " submitted_ms INTEGER NOT NULL,"
    " allocated_ms INTEGER NOT NULL,"
    " accepted_ms INTEGER NOT NULL,"
    " answered_ms INTEGER NOT NULL,"
    " received_ms INTEGER NOT NULL,"
    " reported_ms INTEGER NOT NULL,"
    " closed_ms INTEGER NOT NULL,"            /* tech: refused, withdrawn or closed */
    " conclusion TEXT NOT NULL,"              /* pseudo: id of the signed document, '' not yet */
    " version INTEGER NOT NULL"               /* tech: version of the Task this row mirrors */
    ") STRICT;"
    "CREATE INDEX flow_centre ON flow_row(centre_org, open, due_ms);"
    "CREATE INDEX flow_service ON flow_row(service, open, due_ms);"
    "CREATE INDEX flow_answer_org ON flow_row(answer_org, open, due_ms);"
    "CREATE INDEX flow_consultant ON flow_row(consultant, open, due_ms);"
    "CREATE INDEX flow_consultant_ended ON flow_row(consultant, closed_ms) WHERE open = 0;"
    "CREATE INDEX flow_asker_org ON flow_row(asker_org, open, created_ms);"
    "CREATE INDEX flow_asker ON flow_row(asker, open, created_ms);"
    "CREATE INDEX flow_patient ON flow_row(patient_rid, created_ms);"
    "CREATE INDEX flow_closed ON flow_row(centre_org, closed_ms) WHERE closed_ms > 0;"
    "CREATE INDEX flow_submitted ON flow_row(submitted_ms);";

static const char v2_refusal[] =
    /* Refusals alike within an hour: the first few are records of their own, the others are counted
     * here until one record tells how many. */
    "CREATE TABLE refusal("
    " key INTEGER PRIMARY KEY,"               /* tech: keyed hash of all that makes them alike */
    " since_ms INTEGER NOT NULL,"             /* tech: the first one */
    " told INTEGER NOT NULL,"                 /* tech: how many have records of their own */
    " more INTEGER NOT NULL,"                 /* tech: how many have not */
    " actor TEXT NOT NULL,"                   /* staff: these five as in the records */
    " login TEXT NOT NULL,"
    " role TEXT NOT NULL,"
    " org TEXT NOT NULL,"
    " peer TEXT NOT NULL,"
    " action INTEGER NOT NULL,"               /* tech */
    " why INTEGER NOT NULL,"                  /* tech */
    " outcome INTEGER NOT NULL,"              /* tech: enum err; a row lives for an hour */
    " type INTEGER NOT NULL,"                 /* tech */
    " id TEXT NOT NULL,"                      /* pseudo */
    " patient_rid INTEGER NOT NULL,"          /* pseudo */
    " case_rid INTEGER NOT NULL,"             /* pseudo */
    " detail TEXT NOT NULL"                   /* tech */
    ") STRICT;"
    "CREATE INDEX refusal_actor ON refusal(actor);"
    "CREATE INDEX refusal_since ON refusal(since_ms);";

static const char v3_search[] =
    /* Versions after the first, and firsts of what had been referred to before: what a search that is
     * read page by page must look at again. The oldest are dropped. */
    "CREATE TABLE moved("
    " vid INTEGER PRIMARY KEY,"      /* tech */
    " type INTEGER NOT NULL,"        /* tech */
    " rid INTEGER NOT NULL"          /* tech */
    ") STRICT;"
    /* Words of every version; a hit counts while its version is the current one. */
    "CREATE VIRTUAL TABLE word USING fts5("
    " narrative,"                    /* clinical: folded words of text.div */
    " rest,"                         /* clinical: of all other texts */
    " content='', columnsize=0, detail=column, tokenize='ascii');";

static const char v4_dict[] =
    /* Dictionaries the bodies are compressed with; never changed, emptied when nothing needs one: redict.c. */
    "CREATE TABLE dict("
    " id INTEGER PRIMARY KEY,"       /* tech: what ver.codec names, 2.. */
    " type INTEGER NOT NULL,"        /* tech: of the resources it was made for */
    " made_ms INTEGER NOT NULL,"     /* tech */
    " samples INTEGER NOT NULL,"     /* tech: bodies it was made from */
    " bytes BLOB NOT NULL"           /* clinical: pieces of records */
    ") STRICT;"
    "CREATE INDEX dict_type ON dict(type, id);";

static const char v5_apps[] =
    "CREATE TABLE client("
    " id TEXT PRIMARY KEY,"                   /* tech: client_id of a registered application */
    " name TEXT NOT NULL,"                    /* tech: as people read it */
    " kind INTEGER NOT NULL,"                 /* tech: 0 public, 1 with a secret, 2 with keys */
    " secret BLOB,"                           /* secret: SHA-256 of its secret */
    " jwks TEXT NOT NULL,"                    /* tech: its public keys, '' none */
    " redirects TEXT NOT NULL,"               /* tech: addresses codes go to, one a line */
    " scopes TEXT NOT NULL,"                  /* tech: most it may be granted */
    " launch INTEGER NOT NULL,"               /* tech: CLIENT_ bits of care/client.h */
    " org TEXT NOT NULL,"                     /* staff: organisation a service acts for, '' none */
    " created_ms INTEGER NOT NULL,"           /* tech */
    " revoked_ms INTEGER NOT NULL"            /* tech: 0 valid */
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE client_origin("
    " origin TEXT NOT NULL,"                  /* tech: scheme://host[:port] of its pages */
    " client TEXT NOT NULL,"                  /* tech */
    " PRIMARY KEY(origin, client)) STRICT, WITHOUT ROWID;"
    /* One consent of a person, or one registration of a service at work. */
    "CREATE TABLE app_grant("
    " id TEXT PRIMARY KEY,"                   /* tech */
    " client TEXT NOT NULL,"                  /* tech */
    " account INTEGER NOT NULL,"              /* staff: who let it, 0 a service */
    " role TEXT NOT NULL,"                    /* staff: PractitionerRole id acted in */
    " scopes TEXT NOT NULL,"                  /* tech */
    " patient TEXT NOT NULL,"                 /* pseudo: Patient in context, '' none */
    " case_id TEXT NOT NULL,"                 /* pseudo: case in context, '' none */
    " session BLOB,"                          /* secret: hash of the session it ends with */
    " created_ms INTEGER NOT NULL,"           /* tech */
    " revoked_ms INTEGER NOT NULL"            /* tech: 0 valid */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX app_grant_account ON app_grant(account, created_ms);"
    "CREATE INDEX app_grant_client ON app_grant(client);"
    "CREATE INDEX app_grant_created ON app_grant(created_ms);"
    "CREATE TABLE app_code("
    " hash BLOB PRIMARY KEY,"                 /* secret: SHA-256 of the code */
    " grant_id TEXT NOT NULL,"                /* tech */
    " redirect TEXT NOT NULL,"                /* tech: where it went */
    " challenge TEXT NOT NULL,"               /* tech: PKCE, S256 */
    " nonce TEXT NOT NULL,"                   /* tech: OpenID, '' none */
    " expires_ms INTEGER NOT NULL,"           /* tech: of the row; the code itself holds a minute */
    " used_ms INTEGER NOT NULL"               /* tech: 0 not yet */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX app_code_grant ON app_code(grant_id);"
    "CREATE INDEX app_code_expires ON app_code(expires_ms);"
    "CREATE TABLE app_token("
    " hash BLOB PRIMARY KEY,"                 /* secret: SHA-256 of the token */
    " grant_id TEXT NOT NULL,"                /* tech */
    " kind INTEGER NOT NULL,"                 /* tech: 0 access, 1 refresh */
    " scopes TEXT NOT NULL,"                  /* tech: those of the grant or fewer */
    " created_ms INTEGER NOT NULL,"           /* tech */
    " expires_ms INTEGER NOT NULL,"           /* tech */
    " used_ms INTEGER NOT NULL"               /* tech: when a refresh token was exchanged, 0 not yet */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX app_token_grant ON app_token(grant_id);"
    "CREATE INDEX app_token_expires ON app_token(expires_ms);"
    "CREATE TABLE app_launch("
    " hash BLOB PRIMARY KEY,"                 /* secret: SHA-256 of the launch value */
    " account INTEGER NOT NULL,"              /* staff: whose page it came from */
    " client TEXT NOT NULL,"                  /* tech: '' any */
    " patient TEXT NOT NULL,"                 /* pseudo */
    " case_id TEXT NOT NULL,"                 /* pseudo: '' none */
    " expires_ms INTEGER NOT NULL"            /* tech */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX app_launch_expires ON app_launch(expires_ms);"
    "CREATE TABLE app_jti("
    " client TEXT NOT NULL,"                  /* tech */
    " jti BLOB NOT NULL,"                     /* tech: SHA-256 of an assertion's number */
    " expires_ms INTEGER NOT NULL,"           /* tech */
    " PRIMARY KEY(client, jti)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX app_jti_expires ON app_jti(expires_ms);"
    "CREATE TABLE app_rate("
    " key BLOB PRIMARY KEY,"                  /* staff: SHA-256 of an address or client */
    " n INTEGER NOT NULL,"                    /* tech: failures in the span */
    " until_ms INTEGER NOT NULL"              /* tech: its end */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX app_rate_until ON app_rate(until_ms);";

static const char v6_changed[] =
    /* What of a type was written last: the table's own order within the type. */
    "CREATE INDEX ver_type ON ver(type);";

static const char v7_bulk[] =
    /* Exports and imports over all resources. */
    "CREATE TABLE bulk("
    " id TEXT PRIMARY KEY,"                   /* tech */
    " kind INTEGER NOT NULL,"                 /* tech: enum bulk_kind */
    " state INTEGER NOT NULL,"                /* tech: 0 runs, 1 done, 2 failed */
    " owner TEXT NOT NULL,"                   /* staff: who asked: account or application */
    " at_ms INTEGER NOT NULL,"                /* tech: the moment it shows */
    " upto INTEGER NOT NULL,"                 /* tech: its place in the feed; bytes of an import */
    " ask TEXT NOT NULL,"                     /* pseudo: what was asked, JSON */
    " who TEXT NOT NULL,"                     /* staff: what the caller may, JSON */
    " progress TEXT NOT NULL,"                /* tech: files and how far they are, JSON */
    " expires_ms INTEGER NOT NULL,"           /* tech */
    " error TEXT NOT NULL"                    /* tech: why it failed */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX bulk_runs ON bulk(at_ms, id) WHERE state = 0;"
    "CREATE INDEX bulk_over ON bulk(expires_ms) WHERE state <> 0;";

static const char v8_sub[] =
    /* Subscriptions: how far each has come. What it asks for stands in the resource. */
    "CREATE TABLE sub("
    " key INTEGER PRIMARY KEY,"      /* tech */
    " id TEXT NOT NULL UNIQUE,"      /* tech: of the Subscription */
    " gen INTEGER NOT NULL,"         /* tech: counts the changes by its owner */
    " state INTEGER NOT NULL,"       /* tech: 1 requested, 2 active, 3 error, 4 off */
    " channel INTEGER NOT NULL,"     /* tech: 1 rest-hook, 2 event stream */
    " greeted INTEGER NOT NULL,"     /* tech: 1 once the receiver took the handshake */
    " scan_vid INTEGER NOT NULL,"    /* tech: versions up to here were looked at */
    " events INTEGER NOT NULL,"      /* tech: events since it began */
    " sent INTEGER NOT NULL,"        /* tech: number of the last one delivered */
    " told INTEGER NOT NULL,"        /* tech: and of the last one whose sending is on record */
    " fails INTEGER NOT NULL,"       /* tech: attempts that failed since one succeeded */
    " retry_ms INTEGER NOT NULL,"    /* tech: nothing is sent before */
    " beat_ms INTEGER NOT NULL,"     /* tech: when the next heartbeat is due, 0 none */
    " actor TEXT NOT NULL,"          /* staff: whose it is, as in the records */
    " login TEXT NOT NULL,"          /* staff */
    " role TEXT NOT NULL,"           /* staff: PractitionerRole acted in, '' the system's */
    " app TEXT NOT NULL,"            /* tech: application of the token it was made with */
    " scoped INTEGER NOT NULL,"      /* tech: 1 when that token had scopes */
    " scope TEXT NOT NULL,"          /* tech: which */
    " patient TEXT NOT NULL"         /* pseudo: whom its patient/ scopes speak of */
    ") STRICT;"
    "CREATE INDEX sub_actor ON sub(actor);"
    "CREATE INDEX sub_on ON sub(scan_vid, key) WHERE state <> 4;"
    "CREATE INDEX sub_due ON sub(retry_ms, key) WHERE state <> 4 AND channel = 1;"
    "CREATE TABLE sub_event("
    " sub INTEGER NOT NULL,"         /* tech */
    " number INTEGER NOT NULL,"      /* tech: 1.. without gaps */
    " vid INTEGER NOT NULL,"         /* tech: the version that made it */
    " at_ms INTEGER NOT NULL,"       /* tech */
    " PRIMARY KEY(sub, number)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX sub_event_at ON sub_event(at_ms);";

static const char v9_long[] =
    /* Long spans by their end: what still lasts at a time is found by its beginning when it is short, here
     * when it is not. As long as DATE_LONG_MS. */
    "CREATE INDEX ix_date_long ON ix_date(sp, hi) WHERE hi - lo > 2678400000;";

static const char v10_apps[] =
    "ALTER TABLE client ADD COLUMN jwks_uri TEXT NOT NULL DEFAULT '';"       /* tech: where its keys are, '' in jwks */
    "ALTER TABLE client ADD COLUMN jwks_tried_ms INTEGER NOT NULL DEFAULT 0;" /* tech: when they were last asked for */
    "ALTER TABLE client ADD COLUMN jwks_until_ms INTEGER NOT NULL DEFAULT 0;" /* tech: jwks is good until then */
    "ALTER TABLE client ADD COLUMN launch_url TEXT NOT NULL DEFAULT '';"     /* tech: where pages of ours open it */
    "ALTER TABLE app_launch ADD COLUMN intent TEXT NOT NULL DEFAULT '';"     /* tech: what it was opened for */
    "ALTER TABLE app_grant ADD COLUMN intent TEXT NOT NULL DEFAULT '';"      /* tech */
    "ALTER TABLE app_grant ADD COLUMN encounter TEXT NOT NULL DEFAULT '';";  /* pseudo: Encounter in context, '' none */
/* clang-format on */

const struct migration migrations[] = {
    {1, v1_resources}, {1, v1_audit}, {1, v1_people}, {1, v1_work}, {1, v1_flow}, {2, v2_refusal},
    {3, v3_search}, {4, v4_dict},
    {5, v5_apps}, {6, v6_changed}, {7, v7_bulk}, {8, v8_sub},
    {9, v9_long}, {10, v10_apps}, {11, schema_v11_dicom}, {12, schema_v12_share},
    {13, schema_v13_room},
    {14, schema_v14_visit},
    {15, schema_v15_patient},
    {16, schema_v16_consilium},
    {17, schema_v17_post},
    {19, schema_v19_recording},
    {20, schema_v20_glass},
    {21, schema_v21_factor},
    {22, schema_v22_invite},
    {23, schema_v23_passkey},
    {24, schema_v24_provider},
    {25, schema_v25_stamp},
    {26, schema_v26_retain},
    {27, schema_v27_scrub},
    {27, schema_v27_erasure},
    {28, schema_v28_dict},
    {29, schema_v29_erasure},
    {30, schema_v30_terms},
    {31, schema_v31_share},
};
const size_t n_migrations = LEN(migrations);

unsigned store_schema(void)
{
    return (unsigned)migrations[n_migrations - 1].version;
}

int schema_version(struct conn *c)
{
    sqlite3_stmt *st = NULL;
    int version = 0;
    if (sqlite3_prepare_v2(c->sql, "PRAGMA user_version", -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW) {
        version = sqlite3_column_int(st, 0);
    }
    sqlite3_finalize(st);
    return version;
}

bool schema_set_version(struct conn *c, int version)
{
    /* A pragma takes no parameters: one literal per version. */
    static const char *const texts[] = {
        "PRAGMA user_version = 0",
        "PRAGMA user_version = 1",
        "PRAGMA user_version = 2",
        "PRAGMA user_version = 3",
        "PRAGMA user_version = 4",
        "PRAGMA user_version = 5",
        "PRAGMA user_version = 6",
        "PRAGMA user_version = 7",
        "PRAGMA user_version = 8",
        "PRAGMA user_version = 9",
        "PRAGMA user_version = 10",
        "PRAGMA user_version = 11",
        "PRAGMA user_version = 12",
        "PRAGMA user_version = 13",
        "PRAGMA user_version = 14",
        "PRAGMA user_version = 15",
        "PRAGMA user_version = 16",
        "PRAGMA user_version = 17",
        "PRAGMA user_version = 18",
        "PRAGMA user_version = 19",
        "PRAGMA user_version = 20",
        "PRAGMA user_version = 21",
        "PRAGMA user_version = 22",
        "PRAGMA user_version = 23",
        "PRAGMA user_version = 24",
        "PRAGMA user_version = 25",
        "PRAGMA user_version = 26",
        "PRAGMA user_version = 27",
        "PRAGMA user_version = 28",
        "PRAGMA user_version = 29",
        "PRAGMA user_version = 30",
        "PRAGMA user_version = 31",
    };
    ASSERT(version > 0 && (size_t)version < LEN(texts));
    return sqlite3_exec(c->sql, texts[version], NULL, NULL, NULL) == SQLITE_OK;
}
