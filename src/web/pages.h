/* web/pages.h - the handlers of pages, for the route table. What each address does stands beside its
 * row in app/routes.c; rights are checked before a handler runs. */
#pragma once

#include "http/http.h"

/* sign_in.c: beginning and ending a session */
enum err web_sign_in_page(struct http_req *h);
enum err web_sign_in(struct http_req *h); /* SLOW */
enum err web_sign_in_again(struct http_req *h); /* a form came after the session had ended */
enum err web_sign_out(struct http_req *h);

/* lang.c: the language, before and after sign-in */
enum err web_language(struct http_req *h);

/* home.c: where people begin */
enum err web_root(struct http_req *h);
enum err web_home(struct http_req *h);
enum err web_role_page(struct http_req *h);
enum err web_role(struct http_req *h);
enum err web_help(struct http_req *h);

/* arrived.c, aside.c: images that are nobody's yet, or were put aside */
enum err web_arrived(struct http_req *h);
enum err web_arrived_study(struct http_req *h);
enum err web_arrived_claim(struct http_req *h);
enum err web_aside(struct http_req *h);
enum err web_aside_decide(struct http_req *h);
enum err web_case_asides(struct http_req *h);

/* desk.c, work.c, mine.c: lists of cases by what one does */
enum err web_desk(struct http_req *h);
enum err web_desk_allocate(struct http_req *h);
enum err web_work(struct http_req *h);
enum err web_mine(struct http_req *h);

/* record.c, system.c: the auditor's and the administrator's page */
enum err web_record(struct http_req *h);
enum err web_record_prove(struct http_req *h); /* SLOW */
enum err web_system(struct http_req *h);

/* case.c, case_move.c: one case and what can be done with it */
enum err web_case(struct http_req *h);
enum err web_case_message(struct http_req *h);
enum err web_case_move_page(struct http_req *h);
enum err web_case_move(struct http_req *h);
enum err web_case_allocate(struct http_req *h);

/* conclusion.c, conclusion_sign.c: writing, signing and taking away a conclusion */
enum err web_conclusion_page(struct http_req *h);
enum err web_conclusion(struct http_req *h); /* SLOW */
enum err web_conclusion_autosave(struct http_req *h);
enum err web_conclusion_preview(struct http_req *h);
enum err web_conclusion_preview_pdf(struct http_req *h); /* SLOW */
enum err web_conclusion_sign(struct http_req *h);        /* SLOW */
enum err web_conclusion_json(struct http_req *h);
enum err web_conclusion_p7s(struct http_req *h);
enum err web_conclusion_pdf(struct http_req *h); /* SLOW */
enum err web_case_print(struct http_req *h);     /* SLOW */

/* case_apps.c: opening a registered application about a case */
enum err web_case_apps(struct http_req *h);
enum err web_case_apps_open(struct http_req *h);

/* case_log.c, glass.c, check.c */
enum err web_case_files(struct http_req *h);

/* images.c, images_study.c: the images of a case, and one study */
enum err web_images(struct http_req *h);
enum err web_images_study(struct http_req *h);

/* marks.c: measurements and key images of a study */
enum err web_marks(struct http_req *h);
enum err web_mark_put(struct http_req *h); /* SLOW */
enum err web_mark_remove(struct http_req *h);
enum err web_case_log(struct http_req *h);
enum err web_glass_page(struct http_req *h);
enum err web_glass(struct http_req *h);
/* share.c, shared.c: images go out */
enum err web_case_share_page(struct http_req *h);
enum err web_case_share(struct http_req *h);     /* SLOW */
enum err web_case_share_end(struct http_req *h);
enum err web_shared_page(struct http_req *h);    /* SLOW */
enum err web_shared(struct http_req *h);         /* SLOW */
enum err web_check_page(struct http_req *h);
enum err web_check(struct http_req *h); /* SLOW */

/* notices.c */
enum err web_notices(struct http_req *h);
enum err web_notices_read(struct http_req *h);

/* me.c: the own account */
enum err web_account(struct http_req *h);
enum err web_account_password(struct http_req *h); /* SLOW */
enum err web_account_token(struct http_req *h);
enum err web_account_token_revoke(struct http_req *h);
enum err web_account_app_end(struct http_req *h);

/* directory.c: organisations, services, people, who is on duty */
enum err web_directory(struct http_req *h);
enum err web_directory_org(struct http_req *h);
enum err web_directory_duty(struct http_req *h);

/* figures.c */
enum err web_figures(struct http_req *h);

/* events.c: what open pages follow */
enum err web_events(struct http_req *h);

/* ask.c, ask_form.c, ask_save.c, ask_send.c: a request from the patient to sending */
enum err web_ask(struct http_req *h);
enum err web_ask_find(struct http_req *h);
enum err web_ask_start(struct http_req *h);
enum err web_ask_register_page(struct http_req *h);
enum err web_ask_register(struct http_req *h);
enum err web_ask_form(struct http_req *h);
enum err web_ask_save(struct http_req *h);
enum err web_ask_autosave(struct http_req *h);
enum err web_ask_icd(struct http_req *h);
enum err web_ask_icd_pick(struct http_req *h);
enum err web_icd(struct http_req *h);
enum err web_ask_review(struct http_req *h);
enum err web_ask_send(struct http_req *h);
enum err web_ask_discard_page(struct http_req *h);
enum err web_ask_discard(struct http_req *h); /* SLOW */

/* file.c: of drafts and cases (path parameter draft or case) */
enum err web_files_page(struct http_req *h);
enum err web_files_send(struct http_req *h);  /* STREAM */
enum err web_file_remove(struct http_req *h); /* SLOW */
enum err web_upload_open(struct http_req *h);
enum err web_file_open(struct http_req *h);
