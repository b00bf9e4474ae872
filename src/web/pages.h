/* web/pages.h - the handlers of pages, for the route table. What each address does stands beside its
 * row in app/routes.c; rights are checked before a handler runs. */
#pragma once

#include "http/http.h"

/* sign_in.c: beginning and ending a session */
enum err web_sign_in_page(struct http_req *h);
enum err web_sign_in(struct http_req *h); /* SLOW */
enum err web_sign_in_code_page(struct http_req *h);
enum err web_sign_in_passkey_page(struct http_req *h);
enum err web_sign_in_passkey(struct http_req *h);         /* SLOW */
enum err web_sign_in_passkey_confirm(struct http_req *h); /* SLOW */
enum err web_sign_in_code(struct http_req *h); /* SLOW */
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

/* staff.c, staff_person.c: people and organisations for administrators */
enum err web_staff(struct http_req *h);
enum err web_staff_org_new_page(struct http_req *h);
enum err web_staff_org_new(struct http_req *h);
enum err web_staff_org(struct http_req *h);
enum err web_staff_org_change_page(struct http_req *h);
enum err web_staff_org_change(struct http_req *h);
enum err web_staff_org_open(struct http_req *h);
enum err web_staff_service_new(struct http_req *h);
enum err web_staff_service_end(struct http_req *h);
enum err web_staff_person_new_page(struct http_req *h);
enum err web_staff_person_new(struct http_req *h); /* SLOW */
enum err web_staff_person(struct http_req *h);
enum err web_staff_role_new(struct http_req *h);
enum err web_staff_role_end(struct http_req *h);
enum err web_staff_password(struct http_req *h); /* SLOW */
enum err web_staff_account(struct http_req *h);
enum err web_staff_number(struct http_req *h);
enum err web_staff_dismiss_page(struct http_req *h);
enum err web_staff_dismiss(struct http_req *h);

/* duty.c: rosters of services */
enum err web_duty(struct http_req *h);
enum err web_duty_service(struct http_req *h);
enum err web_duty_plan(struct http_req *h);
enum err web_duty_take(struct http_req *h);
enum err web_duty_substitute(struct http_req *h);
enum err web_duty_turn(struct http_req *h);
enum err web_duty_turn_do(struct http_req *h);

/* staff_import.c: organisations and people from a file */
enum err web_staff_import(struct http_req *h);           /* SLOW */
enum err web_staff_import_template(struct http_req *h);
enum err web_staff_import_faults(struct http_req *h);    /* SLOW */
enum err web_staff_import_file(struct http_req *h);      /* SLOW */
enum err web_staff_import_drop(struct http_req *h);
enum err web_staff_import_apply(struct http_req *h);     /* SLOW */
enum err web_staff_import_invite(struct http_req *h); /* SLOW */

/* glass_review.c: openings with a reason are reviewed */
enum err web_glass_list(struct http_req *h);
enum err web_glass_one(struct http_req *h);
enum err web_glass_review(struct http_req *h);

/* sight.c: who can see a patient's record, and why */
enum err web_sight(struct http_req *h);
enum err web_record_sight(struct http_req *h);
enum err web_my_sight(struct http_req *h);

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

/* room.c, room_do.c, room_image.c, room_signal.c, room_guest.c: meetings by video */
enum err web_room(struct http_req *h);
enum err web_room_side(struct http_req *h);
enum err web_room_image(struct http_req *h);
enum err web_case_room(struct http_req *h);
enum err web_room_say(struct http_req *h);
enum err web_room_enter(struct http_req *h);
enum err web_room_leave(struct http_req *h);
enum err web_room_end(struct http_req *h);
enum err web_room_admit(struct http_req *h);
enum err web_room_remove(struct http_req *h);
enum err web_room_mute(struct http_req *h);
enum err web_room_observers(struct http_req *h);
enum err web_room_record(struct http_req *h);
enum err web_room_record_answer(struct http_req *h);
enum err web_room_record_stop(struct http_req *h);
enum err web_room_events(struct http_req *h);
enum err web_room_signal(struct http_req *h);
enum err web_room_post(struct http_req *h);
enum err web_room_ice(struct http_req *h);
enum err web_room_guests(struct http_req *h);
enum err web_room_guest_make(struct http_req *h);
enum err web_room_guest_end(struct http_req *h);
enum err web_join_page(struct http_req *h);
enum err web_join(struct http_req *h);
enum err web_visit_room(struct http_req *h);
enum err web_line(struct http_req *h);
enum err web_line_bytes(struct http_req *h);

/* record.c, system.c: the auditor's and the administrator's page */
enum err web_record(struct http_req *h);
enum err web_record_download(struct http_req *h); /* SLOW */
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
enum err web_conclusion_token(struct http_req *h);       /* SLOW */
enum err web_conclusion_bytes(struct http_req *h);
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
enum err web_account_notices(struct http_req *h);
enum err web_account_notices_add(struct http_req *h);
enum err web_account_notices_push(struct http_req *h);
enum err web_account_notices_confirm(struct http_req *h);
enum err web_account_notices_choose(struct http_req *h);
enum err web_account_notices_test(struct http_req *h);
enum err web_account_notices_end(struct http_req *h);
enum err web_system_notices(struct http_req *h);
/* load.c: how the server runs */
enum err web_system_load(struct http_req *h); /* SLOW */
/* settings.c */
enum err web_system_settings(struct http_req *h);
enum err web_erasures(struct http_req *h);
enum err web_erasures_do(struct http_req *h);
enum err web_erasure(struct http_req *h);
enum err web_erasure_do(struct http_req *h);
/* retention.c: terms of storage */
enum err web_system_retention(struct http_req *h); /* SLOW */
enum err web_system_retention_clock(struct http_req *h);
enum err web_system_stamps(struct http_req *h);
enum err web_system_notices_again(struct http_req *h);

/* me.c: the own account */
enum err web_account(struct http_req *h);
enum err web_account_password(struct http_req *h); /* SLOW */
enum err web_account_token(struct http_req *h);
enum err web_account_token_revoke(struct http_req *h);
enum err web_account_app_end(struct http_req *h);

/* me_sign_in.c: the own second step and sessions */
enum err web_account_sign_in(struct http_req *h);
enum err web_account_codes_begin(struct http_req *h);
enum err web_account_codes_confirm(struct http_req *h);  /* SLOW */
enum err web_account_codes_recovery(struct http_req *h); /* SLOW */
enum err web_account_codes_off(struct http_req *h);      /* SLOW */
enum err web_account_passkey_new(struct http_req *h);
enum err web_account_passkey_begin(struct http_req *h);   /* SLOW */
enum err web_account_passkey_confirm(struct http_req *h); /* SLOW */
enum err web_account_passkey(struct http_req *h);
enum err web_account_passkey_name(struct http_req *h);
enum err web_account_passkey_end(struct http_req *h);     /* SLOW */
enum err web_account_session_end(struct http_req *h);
enum err web_account_sessions_end(struct http_req *h);

/* system_sign_in.c: of somebody else, for administrators */
enum err web_system_sign_in(struct http_req *h);
enum err web_system_sign_in_find(struct http_req *h);
enum err web_system_sign_in_of(struct http_req *h);
enum err web_system_sessions_end(struct http_req *h);
enum err web_system_codes_end(struct http_req *h);

/* my.c: the own record of a patient, or of somebody one acts for */
enum err web_my(struct http_req *h);
enum err web_my_conclusions(struct http_req *h);
enum err web_my_conclusion(struct http_req *h);
enum err web_my_conclusion_pdf(struct http_req *h); /* SLOW */
enum err web_my_people(struct http_req *h);
/* my_record.c, my_consents.c, my_talk.c, my_account.c */
enum err web_my_password_page(struct http_req *h);
enum err web_my_password(struct http_req *h); /* SLOW */
enum err web_my_visits(struct http_req *h);
enum err web_my_visit(struct http_req *h);
enum err web_my_visit_do(struct http_req *h);
enum err web_my_book(struct http_req *h);
enum err web_my_book_times(struct http_req *h);
enum err web_my_book_make(struct http_req *h);
enum err web_my_results(struct http_req *h);
enum err web_my_log(struct http_req *h);
enum err web_my_consents(struct http_req *h);
enum err web_my_consent(struct http_req *h);
enum err web_my_messages(struct http_req *h);
enum err web_my_talk(struct http_req *h);
enum err web_my_talk_send(struct http_req *h);
enum err web_case_message_patient(struct http_req *h);
enum err web_my_send(struct http_req *h);
enum err web_my_send_add(struct http_req *h);
enum err web_my_switch(struct http_req *h);
/* episode.c: messages within a course of care, of both sides */
enum err web_my_episode(struct http_req *h);
enum err web_my_episode_send(struct http_req *h);
enum err web_episode(struct http_req *h);
enum err web_episode_send(struct http_req *h);
enum err web_episode_close(struct http_req *h);
/* my_move.c: a patient moves a visit */
enum err web_my_move_page(struct http_req *h);
enum err web_my_move(struct http_req *h);
/* survey.c, my_survey.c: questionnaires for patients: asked, answered, withdrawn */
enum err web_survey_patient(struct http_req *h);
enum err web_survey_ask(struct http_req *h);
enum err web_survey(struct http_req *h);
enum err web_survey_withdraw(struct http_req *h);
enum err web_my_forms(struct http_req *h);
enum err web_my_form(struct http_req *h);
enum err web_my_form_send(struct http_req *h);
/* sign_in_provider.c: signing in by an outside identity provider, there and back. OUTSIDE */
enum err web_sign_in_provider(struct http_req *h);
enum err web_sign_in_provider_back(struct http_req *h);

/* staff_invite.c, invited.c: a link by which somebody of the staff chooses the password */
enum err web_staff_invite(struct http_req *h);
enum err web_staff_invite_end(struct http_req *h);
enum err web_invited_page(struct http_req *h);
enum err web_invited(struct http_req *h); /* SLOW */

/* my_access.c, my_invite.c: who of the patients' side opens a record; an invitation is accepted */
enum err web_my_access(struct http_req *h);
enum err web_my_access_invite(struct http_req *h);
enum err web_my_access_end(struct http_req *h);
enum err web_my_invite_page(struct http_req *h);
enum err web_my_invite(struct http_req *h); /* SLOW */

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

/* visit_patient.c: patients of a doctor, their visits, a visit in person */
enum err web_patients(struct http_req *h);
enum err web_patients_find(struct http_req *h);
enum err web_patient_visits(struct http_req *h);
enum err web_patient_visit_page(struct http_req *h);
enum err web_patient_visit(struct http_req *h);

/* visit_page.c, visit_note.c, visit_sign.c: a remote visit of the doctor */
enum err web_visit(struct http_req *h);
enum err web_visit_go(struct http_req *h);
enum err web_visit_note_page(struct http_req *h);
enum err web_visit_note(struct http_req *h); /* SLOW */
enum err web_visit_note_autosave(struct http_req *h);
enum err web_visit_preview(struct http_req *h);
enum err web_visit_preview_pdf(struct http_req *h); /* SLOW */
enum err web_visit_sign(struct http_req *h);        /* SLOW */
enum err web_visit_token(struct http_req *h);       /* SLOW */
enum err web_visit_bytes(struct http_req *h);
enum err web_visit_json(struct http_req *h);
enum err web_visit_p7s(struct http_req *h);
enum err web_visit_pdf(struct http_req *h); /* SLOW */

/* consilia: consilium.c, consilium_new.c, consilium_move.c, consilium_opinion.c, consilium_paper.c */
enum err web_consilia(struct http_req *h);
enum err web_consilium(struct http_req *h);
enum err web_consilium_move_page(struct http_req *h);
enum err web_consilium_move(struct http_req *h);
enum err web_consilium_item(struct http_req *h);
enum err web_consilium_say(struct http_req *h);
enum err web_consilium_order(struct http_req *h);
enum err web_consilium_protocol(struct http_req *h);
enum err web_consilium_protocol_save(struct http_req *h);
enum err web_consilium_present(struct http_req *h);
enum err web_consilium_sign_page(struct http_req *h);
enum err web_consilium_sign(struct http_req *h);
enum err web_consilium_token(struct http_req *h);  /* by the signature of an own token */
enum err web_consilium_bytes(struct http_req *h);  /* what is signed */
enum err web_consilium_pdf(struct http_req *h);
enum err web_consilium_json(struct http_req *h);
enum err web_consilium_opinion(struct http_req *h); /* as a token will sign it */
enum err web_consilium_opinion_bytes(struct http_req *h);
enum err web_consilium_opinion_token(struct http_req *h);
enum err web_consilium_opinion_file(struct http_req *h); /* signed, to take away */
enum err web_consilium_new(struct http_req *h);
enum err web_consilium_call(struct http_req *h);
enum err web_consilium_add(struct http_req *h);
/* my_note.c: signed notes of visits for the patient */
enum err web_my_note(struct http_req *h);
enum err web_my_note_pdf(struct http_req *h); /* SLOW */

/* file.c: of drafts and cases (path parameter draft or case) */
enum err web_files_page(struct http_req *h);
enum err web_files_send(struct http_req *h);  /* STREAM */
enum err web_file_remove(struct http_req *h); /* SLOW */
enum err web_upload_open(struct http_req *h);
enum err web_file_open(struct http_req *h);

/* Hours of specialists, visits: schedule.c, booking.c, booking_list.c */
MUST_USE enum err web_schedule(struct http_req *h);
MUST_USE enum err web_schedule_new(struct http_req *h);
MUST_USE enum err web_schedule_hours(struct http_req *h);
MUST_USE enum err web_schedule_except(struct http_req *h);
MUST_USE enum err web_book_page(struct http_req *h);
MUST_USE enum err web_book(struct http_req *h);
MUST_USE enum err web_visits(struct http_req *h);
MUST_USE enum err web_visit_cancel(struct http_req *h);
MUST_USE enum err web_visit_change(struct http_req *h);
MUST_USE enum err web_visit_do(struct http_req *h);
MUST_USE enum err web_waiting(struct http_req *h);
