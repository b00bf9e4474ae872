/* app/command.h - subcommands of the program: one row each in command.c. */
#pragma once

#include "app/config.h"

/* What a subcommand gets. */
struct command_args {
    struct req *rq;              /* arena of the whole run; rq->app is NULL until app_open() */
    const struct config *config;
    const char *const *words;    /* what stands after the subcommand, settings taken out */
    int n_words;
    const struct config_source *from; /* where the settings were read from */
};

/* Gives the exit status: COMMAND_OK and so on. A failure in rq->err is printed by main. */
typedef int (*command_fn)(struct command_args *args);
enum { COMMAND_OK = 0, COMMAND_FAILED = 1, COMMAND_USAGE = 2 };

struct command {
    const char *name;  /* "serve", or two words: "audit verify" */
    const char *usage; /* what may follow it */
    const char *help;  /* one line */
    command_fn run;
};

extern const struct command commands[];
extern const size_t n_commands;

/* The row whose one or two words the line begins with, the longer match; NULL when there is none. The word
 * --version is the subcommand of that name.
 * ret_n: how many words it took. */
const struct command *command_find(const char *const *words, int n, int *ret_n);

enum command_ask { COMMAND_RUN, COMMAND_TELL, COMMAND_REFUSE };
/* Holds the words after a subcommand to its usage before anything is opened: COMMAND_TELL where one
 * of them asks for help, COMMAND_REFUSE with the first flag, or word, the usage does not name.
 * borrows  *ret_word is one of words */
enum command_ask command_read(const struct command *cmd, const char *const *words, int n,
                              const char **ret_word);
/* Does cmd's usage name this flag ("--name")? *ret_value: does a value follow it there? */
bool command_takes(const struct command *cmd, struct str flag, bool *ret_value);
/* "--help" or "-h" */
bool command_asks_help(const char *word);
/* What one subcommand is for, to standard output. */
void command_tell(const struct command *cmd);

/* The value of "--name value" among words, removing nothing; NULL when absent. For options of one
 * subcommand that are no settings. */
const char *command_option(const struct command_args *args, const char *name);
/* Runs fn with the data folder open, acting as the system. In token.c. */
int command_with_store(struct command_args *args, bool read_only,
                       enum err (*fn)(struct command_args *args));
/* "consilium 1.2.3, schema 4, index 5": the number of the program, of the data folders it makes, and of the
 * code that indexes. */
void command_version_write(struct buf *b);
/* A whole file the user named; a failure says which. */
MUST_USE enum err command_read_file(struct req *rq, const char *path, size_t cap, struct str *ret_bytes);
/* Whether it can be read. */
MUST_USE enum err command_file_there(struct req *rq, const char *path);
/* Writes to standard output. */
void command_print(struct str text);

struct app;
typedef enum err (*serve_before_fn)(struct req *rq, struct app *app);
/* Opens the data folder, calls before (may be NULL), and serves until a signal: serve.c */
int serve_folder(struct command_args *args, serve_before_fn before);

int command_serve(struct command_args *args);
int command_demo(struct command_args *args);
int command_version(struct command_args *args);
int command_init(struct command_args *args);
int command_audit_list(struct command_args *args);
int command_audit_verify(struct command_args *args);
int command_reindex(struct command_args *args);
int command_doctor(struct command_args *args);
/* All that doctor and `audit verify` look at, one after the other; what they find is printed. The data folder
 * is open. gives *ret_faults: how many. */
MUST_USE enum err doctor_all(struct req *rq, uint64_t *ret_faults);
int command_backup(struct command_args *args);
int command_backup_list(struct command_args *args);
int command_backup_orders(struct command_args *args);
int command_restore(struct command_args *args);
int command_images_expire(struct command_args *args);
int command_retention(struct command_args *args);
int command_stamps(struct command_args *args);
int command_config(struct command_args *args);
int command_config_check(struct command_args *args);
int command_verify(struct command_args *args);
int command_ca_show(struct command_args *args);
int command_token_new(struct command_args *args);
int command_token_list(struct command_args *args);
int command_token_revoke(struct command_args *args);
int command_client_add(struct command_args *args);
int command_client_list(struct command_args *args);
int command_client_revoke(struct command_args *args);
int command_user_add(struct command_args *args);
int command_user_list(struct command_args *args);
int command_user_lock(struct command_args *args);
int command_user_unlock(struct command_args *args);
int command_user_password(struct command_args *args);
int command_user_sign_out(struct command_args *args);
int command_user_number(struct command_args *args);
int command_user_factor(struct command_args *args);
int command_user_provider(struct command_args *args);
int command_user_role(struct command_args *args);
int command_user_dismiss(struct command_args *args);
int command_people_import(struct command_args *args);
int command_people_invite(struct command_args *args);
int command_media_conf(struct command_args *args);
int command_org_add(struct command_args *args);
int command_org_list(struct command_args *args);
int command_org_service(struct command_args *args);
int command_org_duty(struct command_args *args);
int command_fhir_doc(struct command_args *args);
int command_flow_doc(struct command_args *args);
int command_icd10_import(struct command_args *args);
int command_validate(struct command_args *args);
int command_fhirpath(struct command_args *args);
int command_view(struct command_args *args);
int command_dicom(struct command_args *args);
int command_export(struct command_args *args);
int command_import(struct command_args *args);
int command_help(struct command_args *args);
