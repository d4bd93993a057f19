// Answers sums without a model: right but for every so many questions.
module.exports = class HarborProvider {
  constructor(options) {
    this.name = options.id;
    this.every = options.config.every;
    this.asked = 0;
  }

  id() {
    return this.name;
  }

  async callApi(prompt) {
    this.asked += 1;
    const [one, other] = prompt.match(/\d+/g).map(Number);
    if (prompt.includes('storm') && this.every === 3) {
      return { error: 'The harbor is closed.' };
    }
    const slip = this.asked % this.every === 0 ? 1 : 0;
    return { output: String(one + other + slip), tokenUsage: { total: 10, prompt: 9, completion: 1 }, cost: 0.0001 };
  }
};
