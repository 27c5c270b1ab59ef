/** What trains models: loaded once, by whoever wants it first. `build` does, so that most fits find it there. */
type TrainingChunk = typeof import("../chunks/training.ts");

let loaded: TrainingChunk | undefined;

/** The chunk if it is there already. */
export const loadedTraining = (): TrainingChunk | undefined => loaded;

/** @throws what the host throws where the file can't be had. */
export async function loadTraining(): Promise<TrainingChunk> {
  loaded ??= await import("../chunks/training.ts");
  return loaded;
}
