/* care/care.h - what the care functions need of the program: its store, content and settings.
 *
 * struct care is the FIRST member of the program's struct app, so a request leads to it without the
 * rooms below knowing the program. */
#pragma once

#include "base/req.h"
#include "base/zone.h"
#include "os/thread.h"

struct store;
struct content;
struct policy;
struct dir_box;
struct upload_desk;
struct icd;
struct tx;
struct sign_ca;
struct pixels_helper;
struct signals;
struct spray;

enum { SIGN_IN_TURNS = 64, IMAGE_LANES = 8 };

/* Images on their way into the store, of one sender: whoever comes first takes along those who wait, in one
 * transaction (care/imaging_store.c). */
struct image_work;
struct image_lane {
    struct os_mutex lock;
    struct os_cond turn;
    struct image_work *waiting; /* oldest first */
    bool busy;
};

/* Where notifications of subscriptions may go: care/sub.h. */
struct hook_policy {
    struct str hosts;     /* "host, host:port": no other is ever called; empty: none */
    struct str ca_file;   /* certificates they are checked against; empty: the system's */
    bool plain;           /* http:// too */
    bool full;            /* whole records, when asked for */
    uint32_t most;        /* subscriptions of one account */
    int64_t keep_ms;      /* delivered events can be asked for again so long */
};

/* By what notices leave the page: care/notify.h. A channel without its settings is not offered. */
struct notify_settings {
    struct str smtp_url, smtp_user, smtp_password, mail_from;
    struct str sms_url, sms_body, sms_type, sms_header, sms_secret;
    struct str telegram_url, telegram_bot, telegram_token;
    struct str push_hosts, push_contact;
    struct str push_key;  /* private, PKCS #8 DER: vouches for us at push services (RFC 8292) */
    struct str push_public; /* its public half as browsers take it: base64url of the point */
    struct str ca_file;   /* certificates servers are checked against; empty: the system's */
    struct str base_url;  /* address people use, for the link in a message; empty: without one */
    bool plain;           /* without TLS too */
    enum lang lang;       /* of people without an account */
};

/* Signatures of people's own means, tokens and national software: care/outside.h. */
struct outside_policy {
    const struct str *certs; /* trusted authorities, DER; n_certs 0: no such signature is taken */
    uint32_t n_certs;
    const uint8_t *vouches;  /* of each: outside_ask.vouches */
    struct str lists;        /* folder of revocation lists */
    struct str hosts;        /* "host, host:port": no other is ever asked about revocation; empty: none */
    bool refuse_unknown;     /* what cannot be found out to be not revoked is refused */
};

/* Time stamps over signatures: care/stamping.h. */
struct stamp_settings {
    struct str url;          /* of the authority (RFC 3161 3.4); empty: none is asked */
    struct str policy;       /* "1.2.3": the only one taken; empty: any */
    const struct str *certs; /* trusted for time stamps, DER */
    uint32_t n_certs;
};

/* An outside identity provider (OpenID Connect) that people sign in by: care/provider.h. */
struct provider_settings {
    struct str issuer;    /* empty: there is none */
    struct str name;      /* shown on the first page; empty: the host of the issuer */
    struct str client_id, client_secret; /* secret empty: a public client */
    struct str scope;
    struct str claim;     /* its value is the login */
    struct str strong;    /* values of acr or amr that count as the second step, with commas between */
    struct str ca_file;   /* certificates it is checked against; empty: the system's */
    struct str roles_claim; /* names the values that stand for roles: "roles", "realm_access.roles" */
    const struct provider_map *map; /* what they stand for: care/provider_map.h; NULL: it gives no roles */
    bool plain;           /* without TLS too */
};

/* How browsers of a meeting find each other: care/room_ice.h. */
struct ice_policy {
    struct str stun_urls;   /* "stun:host:port, ..."; empty: none */
    struct str turn_urls;   /* "turn:host:port?transport=udp, turns:host:443?transport=tcp" */
    struct str turn_secret; /* shared with coturn (static-auth-secret); empty: no relay */
    bool relay;             /* through the relay only: no address of a person reaches another */
};

struct care {
    struct store *store;
    const struct content *content;
    struct dir_box *dir;          /* the directory's shared snapshot: care/directory.h */
    struct upload_desk *uploads;  /* care/upload.h */
    const struct icd *icd;        /* care/icd.h; NULL: diagnoses are typed in words */
    const struct policy *policy;  /* of organisations that name none */
    struct zone zone;             /* local time of the region */
    int64_t session_idle_ms;      /* a session without a request ends after this */
    int64_t session_max_ms;       /* and after this in any case */
    int64_t draft_keep_ms;        /* drafts nobody touched are removed after this */
    uint32_t password_least;      /* characters that a new password has at least */
    uint32_t lock_after;          /* wrong passwords before the first wait */
    bool factor_by_role;          /* roles that say so sign in with a second step: care/factor.h */
    struct spray *spray;          /* care/spray.h: failed logins by address; NULL in commands */
    struct os_mutex sign_in_turns[SIGN_IN_TURNS]; /* attempts at one login, by its hash */
    struct image_lane images[IMAGE_LANES]; /* by sender */
    struct os_mutex unpacking; /* one large unpacked data set at a time */
    uint64_t password_ops;        /* Argon2id passes */
    size_t password_mem;          /* Argon2id memory, bytes */
    struct hook_policy hooks;
    struct notify_settings notify;
    struct outside_policy outside;
    struct stamp_settings stamps;
    struct scanner *scanner;      /* care/scan.h; NULL: nobody looks for viruses */
    _Atomic uint32_t no_handle;   /* background threads that wait until the database opens: work/handle.h */
    struct signals *signals;      /* care/signal.h; NULL in commands: nobody meets */
    struct ice_policy ice;
    struct provider_settings provider;
    struct str recordings;        /* folder that media servers write recordings into; empty: none */
    const char *recorder;         /* program that makes them playable (janus-pp-rec); NULL: none */
    struct pixels_helper *pixels; /* dicom/pixels_helper.h; NULL: lossless JPEG is not drawn */
    const struct sign_ca *ca;     /* care/sign.h: vouches for keys; NULL: nobody can sign */
    /* A person's password changes within tx: sealed keys follow. NULL: nothing is sealed. */
    enum err (*on_password)(struct req *rq, struct tx *tx, struct str person,
                            struct str old_password, struct str new_password);
};

/* Sets everything but store, content and policy to defaults: UTC+5, 8 h idle, 7 days at most, 90 days
 * for drafts, 5 attempts, Argon2id with 3 passes over 64 MiB. */
void care_init(struct care *care);

static inline struct care *care_of(const struct req *rq)
{
    return (struct care *)rq->app;
}

/* The offset of the region's local time now, minutes east of UTC. */
static inline int care_tz(const struct req *rq)
{
    return zone_at(&care_of(rq)->zone, rq->now.ms);
}

/* Addresses of our own code systems, extensions and identifier systems. */
#define CARE_URL "https://consilium.example/fhir"
#define CS_BUSINESS CARE_URL "/CodeSystem/business-status"
#define CS_PROFILE CARE_URL "/CodeSystem/profile"
#define CS_ROLE CARE_URL "/CodeSystem/role"
#define CS_ORG_TYPE CARE_URL "/CodeSystem/organization-type"
#define CS_FLOW CARE_URL "/CodeSystem/workflow"
#define CS_REASON CARE_URL "/CodeSystem/reason"
#define CS_OUTCOME CARE_URL "/CodeSystem/outcome"
#define CS_TASK_IO CARE_URL "/CodeSystem/task-io"
#define CS_CONSENT_HOW CARE_URL "/CodeSystem/consent-how"
#define CS_ICD10 "http://hl7.org/fhir/sid/icd-10"
#define SID_UNIDENTIFIED CARE_URL "/sid/unidentified"
