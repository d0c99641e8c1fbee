// Asks the server, for no longer than it takes to see that it does not answer.
const ANSWER_MS = 5000;

const ask = (path) => fetch(path, { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) });

// Null when there is no answer, or none in time; whoever listens to the news says so on the page.
export const json = async (path) => {
  try {
    const answer = await ask(path);
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
};

// Why the server turns us away; nothing when it does not, or does not answer.
export const refusal = async (path) => {
  try {
    const answer = await ask(path);
    if (!answer.ok) return (await answer.text()).trim();
    await answer.body.cancel();
  } catch {
    // Not there at all: who tries again will see it.
  }
  return "";
};
