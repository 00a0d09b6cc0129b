/** A variable of the environment, or a file, that a person has to mend before anything runs. */
export class BadSetting extends Error {
  override readonly name: string = 'BadSetting';
}
