// What the widget says. A language that is not here speaks English.

const WORDS = {
  en: {
    open: "Open chat", close: "Close chat", name: "Chat assistant", greeting: "Hello! How can I help?",
    message: "Your message", send: "Send", stop: "Stop", you: "You", conversation: "Conversation",
    reset: "Start over", resetAsk: "Clear this conversation?", cancel: "Cancel", cleared: "The conversation was cleared.",
    thinking: "Thinking…", thoughts: "Thoughts", waiting: "The answer is on its way.", stopped: "Stopped.",
    plain: "The rest of this answer is shown as plain text, since it is very long.",
    retry: "Try again", support: "Contact support", later: "later",
    offline: "The chat cannot be reached. Check your connection, then try again.",
    refused: "This chat is not available on this website.",
    gone: "This chat does not exist any more.",
    off: "This chat is switched off at the moment. Please come back later.",
    busy: "The chat is busy. Please try again in a moment.",
    quota: "The limit for this chat is reached. Please try again {when}.",
    long: "Your message is too long. Shorten it and send it again.",
    failed: "There is no answer right now. Please try again.",
    broken: "The answer broke off. Please try again.",
  },
  de: {
    open: "Chat öffnen", close: "Chat schließen", name: "Chat-Assistent", greeting: "Hallo! Wie kann ich helfen?",
    message: "Ihre Nachricht", send: "Senden", stop: "Anhalten", you: "Sie", conversation: "Unterhaltung",
    reset: "Neu beginnen", resetAsk: "Diese Unterhaltung löschen?", cancel: "Abbrechen", cleared: "Die Unterhaltung wurde gelöscht.",
    thinking: "Denkt nach…", thoughts: "Gedanken", waiting: "Die Antwort kommt gleich.", stopped: "Angehalten.",
    plain: "Der Rest dieser Antwort ist sehr lang und steht als einfacher Text da.",
    retry: "Noch einmal", support: "Hilfe per E-Mail", later: "später",
    offline: "Der Chat ist nicht erreichbar. Prüfen Sie Ihre Verbindung und versuchen Sie es noch einmal.",
    refused: "Dieser Chat ist auf dieser Website nicht verfügbar.",
    gone: "Diesen Chat gibt es nicht mehr.",
    off: "Dieser Chat ist zurzeit abgeschaltet. Bitte kommen Sie später wieder.",
    busy: "Der Chat ist überlastet. Bitte versuchen Sie es gleich noch einmal.",
    quota: "Das Limit dieses Chats ist erreicht. Bitte versuchen Sie es {when} noch einmal.",
    long: "Ihre Nachricht ist zu lang. Bitte kürzen Sie sie.",
    failed: "Zurzeit gibt es keine Antwort. Bitte versuchen Sie es noch einmal.",
    broken: "Die Antwort brach ab. Bitte versuchen Sie es noch einmal.",
  },
  es: {
    open: "Abrir el chat", close: "Cerrar el chat", name: "Asistente", greeting: "¡Hola! ¿En qué puedo ayudar?",
    message: "Su mensaje", send: "Enviar", stop: "Detener", you: "Usted", conversation: "Conversación",
    reset: "Empezar de nuevo", resetAsk: "¿Borrar esta conversación?", cancel: "Cancelar", cleared: "La conversación se ha borrado.",
    thinking: "Pensando…", thoughts: "Razonamiento", waiting: "La respuesta está en camino.", stopped: "Detenido.",
    plain: "El resto de esta respuesta es muy largo y se muestra como texto sin formato.",
    retry: "Reintentar", support: "Contactar por correo", later: "más tarde",
    offline: "No se puede conectar con el chat. Compruebe su conexión y vuelva a intentarlo.",
    refused: "Este chat no está disponible en este sitio web.",
    gone: "Este chat ya no existe.",
    off: "Este chat está desactivado en este momento. Vuelva más tarde.",
    busy: "El chat está ocupado. Vuelva a intentarlo en un momento.",
    quota: "Se ha alcanzado el límite de este chat. Vuelva a intentarlo {when}.",
    long: "El mensaje es demasiado largo. Acórtelo y envíelo de nuevo.",
    failed: "Ahora mismo no hay respuesta. Vuelva a intentarlo.",
    broken: "La respuesta se interrumpió. Vuelva a intentarlo.",
  },
  fr: {
    open: "Ouvrir le chat", close: "Fermer le chat", name: "Assistant", greeting: "Bonjour ! Comment puis-je vous aider ?",
    message: "Votre message", send: "Envoyer", stop: "Arrêter", you: "Vous", conversation: "Conversation",
    reset: "Recommencer", resetAsk: "Effacer cette conversation ?", cancel: "Annuler", cleared: "La conversation a été effacée.",
    thinking: "Réflexion…", thoughts: "Réflexions", waiting: "La réponse arrive.", stopped: "Arrêté.",
    plain: "La suite de cette réponse est très longue et s’affiche sans mise en forme.",
    retry: "Réessayer", support: "Contacter l’assistance", later: "plus tard",
    offline: "Le chat est injoignable. Vérifiez votre connexion et réessayez.",
    refused: "Ce chat n’est pas disponible sur ce site.",
    gone: "Ce chat n’existe plus.",
    off: "Ce chat est désactivé pour le moment. Revenez plus tard.",
    busy: "Le chat est occupé. Réessayez dans un instant.",
    quota: "La limite de ce chat est atteinte. Réessayez {when}.",
    long: "Votre message est trop long. Raccourcissez-le et renvoyez-le.",
    failed: "Pas de réponse pour le moment. Réessayez.",
    broken: "La réponse s’est interrompue. Réessayez.",
  },
};

/** The words of a language tag such as `de` or `de-AT`, and the tag of what is spoken. */
function wordsFor(tag) {
  const language = String(tag ?? "").toLowerCase().split(/[-_]/)[0];
  const known = Object.hasOwn(WORDS, language) ? language : "en";
  return [WORDS[known], known];
}

/** "in 5 minutes", or the word for later if nobody knows. */
function when(seconds, language, later) {
  if (!(seconds > 0)) return later;
  const [unit, size] = seconds < 90 ? ["second", 1] : seconds < 5400 ? ["minute", 60] : ["hour", 3600];
  return new Intl.RelativeTimeFormat(language).format(Math.ceil(seconds / size), unit);
}
